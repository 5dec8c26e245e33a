import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Catalog } from './catalog.ts';
import type { Bucket, QueueRule } from './catalog-buckets.ts';
import type { Letter } from './catalog-outbox.ts';
import type { Version } from './catalog-versions.ts';
import type { Credentials } from './signature.ts';

/** Tells queues what happened to objects, at least once, over restarts. */
export type Notifier = {
  /** Notes an event for every queue whose rule it meets. Call it in the transaction of the event. */
  record(bucket: Bucket, version: Version, event: { name: string; requestId: string }): void;
  /** Sends what is noted, in the background. */
  wake(): void;
  /** Sends S3's test event. Rejects if the queue does not take it. */
  test(bucket: string, queueArn: string, requestId: string): Promise<void>;
  close(): void;
};

const firstDelay = 100;
const longestDelay = 5000;

const matches = (rule: QueueRule, event: string, key: string): boolean =>
  key.startsWith(rule.prefix) &&
  key.endsWith(rule.suffix) &&
  rule.events.some(
    (pattern) =>
      pattern === `s3:${event}` || (pattern.endsWith(':*') && `s3:${event}`.startsWith(pattern.slice(0, -1))),
  );

/** A key as notifications spell it: percent-encoded, slashes kept, a space as `+`. */
export const keyOfEvent = (key: string): string =>
  encodeURIComponent(key)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+');

const eventBody = (
  region: string,
  rule: QueueRule,
  version: Version,
  event: { name: string; requestId: string },
  at: number,
): string => {
  const removed = event.name.startsWith('ObjectRemoved');
  const object = {
    key: keyOfEvent(version.key),
    ...(removed ? {} : { size: version.size, eTag: version.etag }),
    ...(version.versionId === 'null' ? {} : { versionId: version.versionId }),
    sequencer: version.seq.toString(16).toUpperCase().padStart(18, '0'),
  };
  const record = {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date(at).toISOString(),
    eventName: event.name,
    userIdentity: { principalId: 'AWS:LOCAL' },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': event.requestId, 'x-amz-id-2': event.requestId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: rule.id,
      bucket: { name: version.bucket, ownerIdentity: { principalId: 'LOCAL' }, arn: `arn:aws:s3:::${version.bucket}` },
      object,
    },
  };
  return JSON.stringify({ Records: [record] });
};

/** `arn:aws:sqs:region:account:name` as a URL of that endpoint. */
const queueUrl = (endpoint: string, arn: string): string => {
  const [account, name] = arn.split(':').slice(4);
  return new URL(`/${account}/${name}`, endpoint).href;
};

type Send = (queueArn: string, letters: Letter[]) => Promise<Letter[]>;

const sender =
  (sqs: SQSClient, endpoint: string): Send =>
  async (queueArn, letters) => {
    const entries = letters.map((letter) => ({ Id: String(letter.id), MessageBody: letter.body }));
    const answer = await sqs.send(
      new SendMessageBatchCommand({ QueueUrl: queueUrl(endpoint, queueArn), Entries: entries }),
    );
    const delivered = new Set(answer.Successful?.map((entry) => Number(entry.Id)));
    return letters.filter((letter) => delivered.has(letter.id));
  };

/** One line per queue, so that a queue which is gone holds up no other. */
const postman = (catalog: Catalog, send: Send): Pick<Notifier, 'wake' | 'close'> => {
  const busy = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;
  const later = (queue: string, delay: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void run(queue, delay);
    }, delay);
    timer.unref();
    timers.add(timer);
  };
  const run = async (queue: string, delay: number): Promise<void> => {
    while (!closed) {
      const letters = catalog.outbox.next(queue);
      if (letters.length === 0) break;
      const delivered = await send(queue, letters).catch((): Letter[] => []);
      if (closed) return;
      for (const letter of delivered) catalog.outbox.remove(letter.id);
      if (delivered.length === 0) return later(queue, Math.min(delay * 2, longestDelay));
    }
    busy.delete(queue);
  };
  return {
    wake: () => {
      if (closed) return;
      for (const queue of catalog.outbox.queues()) {
        if (busy.has(queue)) continue;
        busy.add(queue);
        void run(queue, firstDelay);
      }
    },
    close: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
};

export type NotifierOptions = {
  catalog: Catalog;
  sqsEndpoint?: string;
  region: string;
  credentials: Credentials;
  clock(): number;
};

/** Without `sqsEndpoint`, events are noted and stay noted until a start that has one. */
export const startNotifier = ({ catalog, sqsEndpoint, region, credentials, clock }: NotifierOptions): Notifier => {
  const endpoint = sqsEndpoint ?? 'http://127.0.0.1:9';
  const sqs = new SQSClient({ endpoint, region, credentials, useQueueUrlAsEndpoint: false, maxAttempts: 1 });
  const lines =
    sqsEndpoint === undefined ? { wake: () => {}, close: () => {} } : postman(catalog, sender(sqs, endpoint));
  // True at first: a start finds what the last one could not send.
  let noted = true;
  return {
    record: (bucket, version, event) => {
      for (const rule of bucket.rules) {
        if (!matches(rule, event.name, version.key)) continue;
        catalog.outbox.add(rule.queueArn, eventBody(region, rule, version, event, clock()));
        noted = true;
      }
    },
    wake: () => {
      if (!noted) return;
      noted = false;
      lines.wake();
    },
    test: async (bucket, queueArn, requestId) => {
      if (sqsEndpoint === undefined) throw new Error('this S3 was started without sqsEndpoint');
      const body = {
        Service: 'Amazon S3',
        Event: 's3:TestEvent',
        Time: new Date(clock()).toISOString(),
        Bucket: bucket,
        RequestId: requestId,
        HostId: requestId,
      };
      await sqs.send(
        new SendMessageCommand({ QueueUrl: queueUrl(endpoint, queueArn), MessageBody: JSON.stringify(body) }),
      );
    },
    close: () => {
      lines.close();
      sqs.destroy();
    },
  };
};
