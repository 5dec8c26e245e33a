/** What the domain needs of the world, with its promises in words. Every implementation joins the contract suites of `@fzip/testing`. */
import type { Readable } from 'node:stream';
import type { EntityKind, Row } from '@fzip/format';
import type { FzipEvent } from './events.ts';
import type { Work } from './ids.ts';
import type { Job, JobPatch, JobStatus, JobType, Phase } from './jobs.ts';
import type { Limits } from './limits.ts';
import type { Messages } from './messages.ts';
import type { Measure } from './metrics.ts';
import type { Step } from './topology.ts';

/** Somebody else changed the job since it was read. Read it again and decide again. */
export class StaleJob extends Error {
  constructor(jobId: string, version: number) {
    super(`job ${jobId} is no longer at version ${version}`);
    this.name = 'StaleJob';
  }
}

/** The object is not there (any more), or its bytes are others than those that were meant. */
export class ObjectGone extends Error {
  readonly reason: 'missing' | 'changed';
  constructor(key: string, reason: 'missing' | 'changed') {
    super(reason === 'missing' ? `no object ${key}` : `object ${key} was replaced meanwhile`);
    this.name = 'ObjectGone';
    this.reason = reason;
  }
}

export type JobPage = { jobs: Job[]; cursor?: string };

/** The job table. Every read of one job sees every earlier write. */
export type JobStore = {
  /** The job as it is now; nothing for an id that is no job's. */
  find(jobId: string): Promise<Job | undefined>;
  /** Puts a job that was not there. False, and nothing written, if its id is taken. */
  create(job: Job): Promise<boolean>;
  /**
   * Writes exactly the patched attributes (`undefined` removes) and raises `version`, all or nothing; returns the job as it is then.
   * @throws StaleJob if the job is not at `job.version` any more, or is gone
   */
  change(job: Job, patch: JobPatch): Promise<Job>;
  /** Raises `progress` of this attempt; never lowers it, never touches `version`. Also the heartbeat (`updatedAt`). */
  report(jobId: string, attempt: number, at: number, progress: { percent: number; phase?: Phase }): Promise<void>;
  /** Adds to `announced` without touching `version`; adding twice is adding once. */
  announce(jobId: string, ids: string[]): Promise<void>;
  /** One user's jobs of a type, newest first; those of round trips are not among them. Eventually consistent. `cursor` is opaque. */
  list(userId: string, jobType: JobType, page: { limit: number; cursor?: string }): Promise<JobPage>;
  /** How many `list` would give in all. */
  count(userId: string, jobType: JobType): Promise<number>;
  /** Jobs of a status, oldest first. Eventually consistent. */
  withStatus(status: JobStatus, page: { limit: number; cursor?: string }): Promise<JobPage>;
  /** Removes the row. One that is not there is no error. */
  delete(jobId: string): Promise<void>;
};

/** What a ledger item is about. `kind` may be any word of the step's own. */
export type LedgerScope = { jobId: string; attempt: number; step: Step; kind: string };

/** A plain JSON object; numbers in it are counts and sizes. */
export type LedgerRecord = { [name: string]: unknown };

/** Finished pieces of work, leases and tallies: items beside the jobs, each written by condition. Reads are strongly consistent. */
export type Ledger = {
  /** Puts a piece's record once and returns the record that counts: this one, or the one that was there before. */
  put<T extends LedgerRecord>(scope: LedgerScope, n: number, record: T): Promise<T>;
  /** A piece's record, if one was put. */
  get(scope: LedgerScope, n: number): Promise<LedgerRecord | undefined>;
  /** The records from `from` on, without a gap, at most `count`. */
  range(scope: LedgerScope, from: number, count: number): Promise<LedgerRecord[]>;
  /** Adds `n` to the set of a page and returns the size of the set then; adding twice is adding once. */
  mark(scope: LedgerScope, page: number | 'root', n: number): Promise<number>;
  /** Takes or renews a lease until a time; false while another owner's lives. */
  lease(scope: LedgerScope, n: number, lease: { owner: string; until: number; now: number }): Promise<boolean>;
  /** Gives a lease back; without effect if it is another's. */
  release(scope: LedgerScope, n: number, owner: string): Promise<void>;
  /** Sets what one piece has done so far, never lower, and returns the sum over all pieces of that attempt. */
  tally(jobId: string, attempt: number, piece: string, done: number): Promise<number>;
  /** Keeps why a step of a job failed last, for whoever has to tell. */
  blame(work: { jobId: string; attempt: number }, step: Step, why: string): Promise<void>;
  /** What `blame` kept, if anything. */
  blamed(work: { jobId: string; attempt: number }, step: Step): Promise<string | undefined>;
  /** Until when a piece is leased, ms since epoch; undefined if it is not, or was given back. */
  leaseUntil(scope: LedgerScope, n: number): Promise<number | undefined>;
  /**
   * Takes a user's profile for one job, and returns whose it is then. Succeeds if nobody holds it, if the job holds it
   * already, or if `from` does: the job that the caller found to be at rest or gone.
   */
  lockProfile(userId: string, holder: LockHolder, from?: string): Promise<LockHolder>;
  /** Gives the profile back; without effect if another job holds it. */
  unlockProfile(userId: string, jobId: string): Promise<void>;
  /**
   * Takes one of the `allowed` turns that a user has in a window of time. False if they are used up; of many at once never more are
   * taken. A window is told by its begin, ms since epoch.
   */
  takeTurn(userId: string, windowBegins: number, allowed: number): Promise<boolean>;
  /** Keeps a small text under a name, in place of the one before, for 30 days. */
  remember(name: string, text: string): Promise<void>;
  recall(name: string): Promise<string | undefined>;
  /** Keeps a message that failed for good, for 30 days. Putting twice is putting once. */
  bury(letter: DeadLetter): Promise<void>;
  /** One of them, as it is now. */
  findBuried(id: string): Promise<DeadLetter | undefined>;
  /** All of them, in no order. For operators alone: it may read everything that the ledger has. */
  buried(): AsyncIterable<DeadLetter>;
  /** Notes that a letter was sent again; the last time counts. Without effect if there is no such letter. */
  noteResent(id: string, at: number): Promise<void>;
};

export type LockHolder = { jobId: string; attempt: number };

/** A message that failed for good, as it came. Times are ms since epoch. */
export type DeadLetter = {
  id: string;
  step: Step;
  body: string;
  /** Of a body that was too long to be kept whole: how long it was. */
  bodyBytes?: number;
  at: number;
  jobId?: string;
  attempt?: number;
  /** Whose message it is, by whom the queue serves in turns. */
  user?: string;
  cause?: string;
  resentAt?: number;
};

/** A part of a user's transactions, by date (ms since epoch): from `from` up to, not including, `below`. */
export type DateRange = { from?: number; below?: number };

export type RowQuery = {
  userId: string;
  kind: EntityKind;
  /** Only transactions have one. It goes into the query's key, so what lies outside costs nothing. */
  range?: DateRange;
  /** Where the last page ended; opaque. */
  cursor?: string;
  /** Only these attributes, for a second look that need not carry everything. */
  attributes?: readonly string[];
};

/** Rows that lack the range key of the index that `page` reads, and so are not in it. */
export type UnindexedQuery = {
  userId: string;
  /** Where the last page ended; opaque. */
  cursor?: string;
  /** Of transactions: those of one account. */
} & ({ kind: 'transactions'; accountId: string } | { kind: 'categories' });

/** HouseF3's tables. Rows as the tables hold them, every number exact; what JSON has no word for comes tagged (see `@fzip/aws`). */
export type ProfileStore = {
  /** One page of a user's rows in the order of the user's index. No cursor: that was the last. */
  page(query: RowQuery): Promise<{ rows: Row[]; cursor?: string }>;
  /** One page of a user's rows that `page` never gives, found by another index, which may lack some of them as well. */
  unindexed(query: UnindexedQuery): Promise<{ rows: Row[]; cursor?: string }>;
  /** How many rows there are; stops after `withinMs` and then says it is not exact ("at least"). */
  count(
    userId: string,
    kind: EntityKind,
    withinMs: number,
    range?: DateRange,
  ): Promise<{ count: number; exact: boolean }>;
  /** The dates of a user's oldest and newest transaction within a range, ms since epoch; undefined if there is none. */
  span(userId: string, range?: DateRange): Promise<{ oldest: number; newest: number } | undefined>;
  /**
   * Puts stored rows, each only where nobody's row has its key or `userId`'s own has; every row must be `userId`'s.
   * Returns how many were left out because another user's row is there. Repeating it changes nothing.
   */
  putOwn(userId: string, kind: EntityKind, rows: readonly Row[]): Promise<{ conflicts: number }>;
  /** Puts stored rows whose keys nobody else can have, in batches; every one is written when it resolves. */
  putFresh(kind: EntityKind, rows: readonly Row[]): Promise<void>;
  /** The rows with the keys of those given, in their order, strongly consistent; undefined where there is none. Whoever's they are. */
  get(kind: EntityKind, keys: readonly Row[], attributes?: readonly string[]): Promise<(Row | undefined)[]>;
  /** Deletes the rows with the keys of those given, where they are `userId`'s; others' stay. */
  deleteOwn(userId: string, kind: EntityKind, keys: readonly Row[]): Promise<void>;
  /** Marks a user's analytics as in need of computing anew. Doing it twice is doing it once. */
  markAnalyticsStale(userId: string, at: number): Promise<void>;
};

export type ObjectInfo = { size: number; etag: string; contentType?: string };

/** One bucket. A read after a write sees it. */
export type ObjectStore = {
  /** All or nothing; replaces what was there. Of two at once one is there in the end, whole. */
  put(key: string, body: Buffer, options?: { contentType?: string }): Promise<ObjectInfo>;
  /** Stores a stream of unknown length in flat memory, all or nothing: a stream that fails leaves neither object nor unfinished upload. */
  upload(key: string, body: Readable, options?: { contentType?: string }): Promise<ObjectInfo>;
  /** What is told of an object without its bytes; nothing where there is none. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Bytes `start` to `end` (exclusive), or all. @throws ObjectGone if missing, or not the one with `etag` */
  read(key: string, options?: { start?: number; end?: number; etag?: string }): Promise<Readable>;
  /** Copies an object within the bucket, up to 5 GB. @throws ObjectGone if missing, or not the one with `etag` */
  copy(from: string, to: string, options: { etag: string }): Promise<ObjectInfo>;
  /** Every version of one key, delete markers included; of an unversioned bucket the object itself, if it is there. */
  versions(key: string): AsyncIterable<{ versionId: string; modifiedAt: number }>;
  /** The same of every key under a prefix. */
  everyVersion(prefix: string): AsyncIterable<{ key: string; versionId: string }>;
  /** Removes one version of a key for good. One that is not there is no error. */
  deleteVersion(key: string, versionId: string): Promise<void>;
  /** Every key under a prefix, page by page. */
  list(prefix: string): AsyncIterable<{ key: string; size: number; modifiedAt: number }>;
  /** The folders right under a prefix, each with its trailing slash. */
  folders(prefix: string): AsyncIterable<string>;
  /** Deletes keys; one that is not there is no error. */
  delete(keys: readonly string[]): Promise<void>;
  /** Multipart uploads that were begun under a prefix and not ended. */
  unfinished(prefix: string): AsyncIterable<{ key: string; uploadId: string; startedAt: number }>;
  /** Ends one of them without an object. Twice is once. */
  abort(key: string, uploadId: string): Promise<void>;
  /** A link for whoever holds it, for a while, saved under `fileName`. */
  presignGet(key: string, options: { expiresInSeconds: number; fileName: string }): Promise<string>;
  /** A form for whoever holds it, for a while: for this key, this type, this many bytes at most, and nothing else. */
  presignPost(
    key: string,
    options: { expiresInSeconds: number; largestBytes: number; contentType: string },
  ): Promise<{ url: string; fields: Record<string, string> }>;
};

/**
 * Work to be done, at least once, in any order. What is delivered is hidden from others for the queue's visibility; acknowledged, it
 * is gone; not acknowledged, it comes again, and after the step's `maxReceiveCount` receives it lies in `{step}-dlq` instead.
 */
export type Queues = {
  /**
   * When it resolves the queue has every message; when it rejects it may have some of them. Each carries the user, by whom the queue
   * serves in turns. `delaySeconds` (900 at most) hides the messages for that long.
   */
  send<S extends keyof Messages>(
    step: S,
    messages: readonly Messages[S][],
    user: string,
    options?: { delaySeconds?: number },
  ): Promise<void>;
};

/** What happened, told to whoever subscribed, at least once. */
export type EventBus = { publish(event: FzipEvent, jobType: JobType): Promise<void> };

/** One line for each request and change of state: who, what, which job, how it ended. Never row content. */
export type AuditLine = { who: string; what: string; jobId?: string; outcome: string };

/** The run of a consumer: who it is to a lease, and when it will be stopped (ms since epoch). */
export type Invocation = { id: string; deadline: number };

export type Ports = {
  jobs: JobStore;
  ledger: Ledger;
  profiles: ProfileStore;
  /** The packages bucket: staging, uploads and packages. */
  packages: ObjectStore;
  /** HouseF3's file storage. */
  files: ObjectStore;
  /** Tables of the same keys, apart from everybody's profile: where round trips restore to. */
  scratch: ProfileStore;
  /** The validation whose round trip the work is part of; then `profiles` and `files` are scratch. See `worldOf`. */
  roundTrip?: Work;
  queues: Queues;
  events: EventBus;
  audit(line: AuditLine): void;
  measure: Measure;
  /** ms since epoch. */
  clock(): number;
  newId(): string;
  /** Waits, so that a pause is virtual where time is. */
  sleep(ms: number): Promise<void>;
  limits: Limits;
  invocation: Invocation;
};
