/** The same bytes and rows by bare streams and bare calls, in the same run: what no backup or restore could be faster than. */
import { createHash } from 'node:crypto';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflateRaw, createGunzip } from 'node:zlib';
import { type AttributeValue, BatchWriteItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { kindTables } from '@fzip/aws';
import type { Ports } from '@fzip/core';
import { isCompressed } from '@fzip/format';
import type { Wiring } from '@fzip/local/wiring';
import type { Figures } from '../format/figures.ts';

const MiB = 2 ** 20;

type World = Pick<Wiring, 'clients' | 'config'> & { ports: Ports };

const timed = async (work: () => Promise<void>): Promise<Figures> => {
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { wallSeconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6, peakBytes: 0 };
};

/** Staged chunks and files → gunzip → sha256 → deflate → one multipart upload. */
export const barePackage = (world: World, jobId: string, userId: string): Promise<Figures> =>
  timed(async () => {
    const { clients, config, ports } = world;
    const out = new PassThrough({ highWaterMark: MiB }).setMaxListeners(0);
    const uploading = new Upload({
      client: clients.s3,
      params: { Bucket: config.buckets.packages, Key: `bench/${jobId}`, Body: out },
      partSize: 8 * MiB,
      queueSize: 4,
    }).done();
    const hash = createHash('sha256');
    const hashed = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    };
    const add = async (bucket: string, key: string, isGzip: boolean): Promise<void> => {
      const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const body = Body as Readable;
      const plain = isGzip ? body.pipe(createGunzip()) : body;
      if (isCompressed(key)) await pipeline(plain, hashed, out, { end: false });
      else await pipeline(plain, hashed, createDeflateRaw({ level: 6, chunkSize: 64 * 1024 }), out, { end: false });
    };
    for await (const { key } of ports.packages.list(`staging/${jobId}/`))
      if (key.endsWith('.ndjson.gz')) await add(config.buckets.packages, key, true);
    for await (const { key } of ports.files.list(`${userId}/`)) await add(config.buckets.files, key, false);
    out.end();
    await uploading;
    await ports.packages.delete([`bench/${jobId}`]);
  });

/** Calls in flight, as the product has them. */
const inFlight = { putOwn: 16, putFresh: 4 };

/** The user's transactions, written once more by the same calls: in batches, or each by a condition. Their reading is not timed. */
export const bareWrites = async (world: World, userId: string, how: keyof typeof inFlight): Promise<Figures> => {
  const { clients, config } = world;
  const TableName = config.tables[kindTables.transactions.table];
  const total: Figures = { wallSeconds: 0, cpuSeconds: 0, peakBytes: 0, rows: 0 };
  let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
  const page = () =>
    clients.dynamodb.send(
      new QueryCommand({
        TableName,
        IndexName: kindTables.transactions.index,
        KeyConditionExpression: 'userId = :user',
        ExpressionAttributeValues: { ':user': { S: userId } },
        ExclusiveStartKey,
      }),
    );
  do {
    const { Items = [], LastEvaluatedKey } = await page();
    const work = how === 'putFresh' ? slices(Items, 25) : slices(Items, 1);
    const figures = await timed(() =>
      atOnce(work, inFlight[how], async (items) => {
        if (how === 'putFresh') {
          const requests = items.map((Item) => ({ PutRequest: { Item } }));
          await clients.dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
          return;
        }
        await clients.dynamodb.send(
          new PutItemCommand({
            TableName,
            Item: items[0],
            ConditionExpression: 'attribute_not_exists(transactionId) OR userId = :me',
            ExpressionAttributeValues: { ':me': { S: userId } },
          }),
        );
      }),
    );
    total.wallSeconds += figures.wallSeconds;
    total.cpuSeconds += figures.cpuSeconds;
    total.rows = Number(total.rows) + Items.length;
    ExclusiveStartKey = LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return total;
};

const slices = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));

const atOnce = async <T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> => {
  const iterator = items.values();
  const worker = async (): Promise<void> => {
    for (const item of iterator) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
};
