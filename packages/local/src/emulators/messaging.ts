import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { buildApp } from 'fauxqs';
import { inUseSaid, loadSqlite } from './sqlite.ts';

/** `folder` holds queues, topics and messages; without it they are in memory. `port` 0, the default, takes any free one. */
export type MessagingOptions = { folder?: string; port?: number };

export type RunningMessaging = { url: string; port: number; close(): Promise<void> };

type App = ReturnType<typeof buildApp>;
type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;
type SqsStore = NonNullable<Stores['sqsStore']>;
type SnsStore = NonNullable<Stores['snsStore']>;
type S3Store = Stores['s3Store'];
/** As fauxqs keeps it; `messageAttributes` is the very object of the request. */
type Message = { messageAttributes: object; messageGroupId?: string };
type Entry = { MessageGroupId?: string; MessageAttributes?: object };
type Persistence = NonNullable<SqsStore['persistence']>;

/** What fauxqs 2.4.1 keeps to itself; the version is pinned because of it. */
type Internals = {
  SqsStore: new () => SqsStore;
  SqsQueue: { prototype: { enqueue(message: Message): void } };
  SnsStore: new () => SnsStore;
  S3Store: new () => S3Store;
  PersistenceManager: new (folder: string) => Persistence;
};

const loadInternals = async (): Promise<Internals> => {
  const folder = path.dirname(fileURLToPath(import.meta.resolve('fauxqs')));
  const files = ['sqs/sqsStore.js', 'sns/snsStore.js', 's3/s3Store.js', 'persistence.js'];
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(path.join(folder, file)).href)));
  return Object.assign({}, ...modules) as Internals;
};

/**
 * Whoever had received a message is gone with the last process. Its receive count stays, so that one which always
 * brings the process down is dead-lettered in the end.
 */
const makeVisible = (db: DatabaseSync): void => {
  db.exec('UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE receipt_handle IS NOT NULL');
};

/**
 * fauxqs 2.4.1 sets the receive count of a message that is given back to null, which its own table refuses: the call
 * fails half-way and the message is lost. This keeps the count, as SQS does.
 */
const mendGivingBack = (persistence: Persistence, db: DatabaseSync): void => {
  const ready = db.prepare(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
  );
  persistence.updateMessageReady = (messageId: string): void => {
    ready.run(messageId);
  };
};

/** By the attributes of the message that names it. */
const groups = new WeakMap<object, string>();

/**
 * On queues without order fauxqs 2.4.1 takes a message's group and forgets it. SQS keeps it, serves groups in turns by it, and
 * tells it with the message.
 */
const keepGroups = ({ SqsQueue }: Internals): void => {
  if (areGroupsKept) return;
  areGroupsKept = true;
  const { enqueue } = SqsQueue.prototype;
  SqsQueue.prototype.enqueue = function (this: object, message) {
    const group = message.messageGroupId ?? groups.get(message.messageAttributes);
    if (group !== undefined) message.messageGroupId = group;
    enqueue.call(this, message);
  };
};
/** The class is one for the whole process. */
let areGroupsKept = false;

const rememberGroups = (body: unknown): void => {
  const { Entries } = (body ?? {}) as { Entries?: Entry[] };
  for (const entry of Array.isArray(Entries) ? Entries : [body as Entry]) {
    if (typeof entry?.MessageGroupId !== 'string') continue;
    entry.MessageAttributes ??= {};
    groups.set(entry.MessageAttributes, entry.MessageGroupId);
  }
};

type Opened = { stores: Stores; close(): void };

const openStores = async (folder: string): Promise<Opened> => {
  const internals = await loadInternals();
  mkdirSync(folder, { recursive: true });
  const persistence = inUseSaid(folder, () => new internals.PersistenceManager(folder));
  const { db } = persistence as unknown as { db: DatabaseSync };
  // The operating system outlives a killed process, so what was handed to it needs no fsync.
  db.exec('PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE');
  makeVisible(db);
  mendGivingBack(persistence, db);
  const stores: Stores = {
    sqsStore: new internals.SqsStore(),
    snsStore: new internals.SnsStore(),
    s3Store: new internals.S3Store(),
  };
  const { sqsStore, snsStore } = stores;
  persistence.loadSqsAndSns(sqsStore, snsStore);
  // Only now: what is loaded must not be written once more.
  sqsStore.persistence = persistence;
  snsStore.persistence = persistence;
  for (const queue of sqsStore.allQueues()) queue.persistence = persistence;
  return { stores, close: () => persistence.close() };
};

/** SQS and SNS on loopback. At start, messages that were in flight are visible again. */
export const startMessaging = async ({ folder, port = 0 }: MessagingOptions = {}): Promise<RunningMessaging> => {
  loadSqlite();
  const fauxqs = await import('fauxqs');
  keepGroups(await loadInternals());
  const opened = folder === undefined ? undefined : await openStores(folder);
  const app: App = fauxqs.buildApp({ logger: false, ...(opened ? { stores: opened.stores } : {}) });
  app.addHook('preHandler', async ({ body }: { body?: unknown }) => rememberGroups(body));
  app.addHook('onClose', async () => opened?.close());
  await app.listen({ host: '127.0.0.1', port });
  const { port: bound } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${bound}`, port: bound, close: () => app.close() };
};
