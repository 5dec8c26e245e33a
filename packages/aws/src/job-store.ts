/** The jobs, on the table `fzip-jobs`. DESIGN.md section 4. */

import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import {
  Job,
  JobId,
  type JobPage,
  type JobPatch,
  type JobStatus,
  type JobStore,
  type JobType,
  type Phase,
  StaleJob,
  workingStatuses,
} from '@fzip/core';
import * as z from 'zod';
import { onCondition } from './conditions.ts';
import { readCursor, writeCursor } from './cursors.ts';

type Table = { documents: DynamoDBDocumentClient; table: string };

/** Items read at once while a listing looks for jobs of one type. */
const itemsPerRead = 100;

/** The job store on a table with the indexes UserIdIndex and StatusIndex. */
export const jobStore = (on: Table): JobStore => ({
  find: (jobId) => find(on, jobId),
  create: (job) => create(on, job),
  change: (job, patch) => change(on, job, patch),
  report: (jobId, attempt, at, progress) => report(on, jobId, attempt, at, progress),
  announce: (jobId, ids) => announce(on, jobId, ids),
  list: (userId, jobType, page) => list(on, ofUser(userId, jobType), page),
  count: (userId, jobType) => count(on, ofUser(userId, jobType)),
  withStatus: (status, page) => list(on, ofStatus(status), page),
  delete: async (jobId) => {
    await on.documents.send(new DeleteCommand({ TableName: on.table, Key: { jobId } }));
  },
});

const find = async ({ documents, table }: Table, jobId: string): Promise<Job | undefined> => {
  // Ledgers, leases and dead letters live in this table too; none of them has a UUID for its key.
  if (!JobId.safeParse(jobId).success) return undefined;
  const { Item } = await documents.send(new GetCommand({ TableName: table, Key: { jobId }, ConsistentRead: true }));
  return Item && toJob(Item);
};

const create = async ({ documents, table }: Table, job: Job): Promise<boolean> => {
  const put = new PutCommand({
    TableName: table,
    Item: toItem(job),
    ConditionExpression: 'attribute_not_exists(jobId)',
  });
  return (await onCondition(documents.send(put))) !== undefined;
};

const change = async ({ documents, table }: Table, job: Job, patch: JobPatch): Promise<Job> => {
  const attributes = Object.entries(patch);
  const set = attributes.flatMap(([, value], n) => (value === undefined ? [] : [`#a${n} = :a${n}`]));
  const remove = attributes.flatMap(([, value], n) => (value === undefined ? [`#a${n}`] : []));
  const update = new UpdateCommand({
    TableName: table,
    Key: { jobId: job.jobId },
    UpdateExpression: [
      `SET ${['#version = #version + :one', ...set].join(', ')}`,
      ...(remove.length === 0 ? [] : [`REMOVE ${remove.join(', ')}`]),
    ].join(' '),
    ConditionExpression: 'attribute_exists(jobId) AND #version = :version',
    ExpressionAttributeNames: {
      '#version': 'version',
      ...Object.fromEntries(attributes.map(([name], n) => [`#a${n}`, name])),
    },
    ExpressionAttributeValues: {
      ':version': job.version,
      ':one': 1,
      ...Object.fromEntries(attributes.flatMap(([, value], n) => (value === undefined ? [] : [[`:a${n}`, value]]))),
    },
    ReturnValues: 'ALL_NEW',
  });
  const written = await onCondition(documents.send(update));
  if (!written) throw new StaleJob(job.jobId, job.version);
  return toJob(written.Attributes ?? {});
};

/** A piece that reports later than another may know less: its news is then only that the attempt lives. */
const report = async (
  { documents, table }: Table,
  jobId: string,
  attempt: number,
  at: number,
  { percent, phase }: { percent: number; phase?: Phase },
): Promise<void> => {
  const working = Object.fromEntries(workingStatuses.map((status, n) => [`:w${n}`, status]));
  const moves = `attempt = :attempt AND #status IN (${Object.keys(working).join(', ')})`;
  const update = (set: string, condition: string, values: Record<string, unknown>) =>
    new UpdateCommand({
      TableName: table,
      Key: { jobId },
      UpdateExpression: `SET updatedAt = :at${set}`,
      ConditionExpression: `${moves} AND ${condition}`,
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ...working, ':attempt': attempt, ':at': at, ...values },
    });
  const further = update(
    `, progress = :percent${phase === undefined ? '' : ', currentPhase = :phase'}`,
    'progress <= :percent',
    { ':percent': percent, ...(phase === undefined ? {} : { ':phase': phase }) },
  );
  if (await onCondition(documents.send(further))) return;
  await onCondition(documents.send(update('', 'updatedAt < :at', {})));
};

const announce = async ({ documents, table }: Table, jobId: string, ids: string[]): Promise<void> => {
  if (ids.length === 0) return;
  const update = new UpdateCommand({
    TableName: table,
    Key: { jobId },
    UpdateExpression: 'ADD announced :ids',
    // An update makes the item it does not find; a job that was deleted meanwhile stays deleted.
    ConditionExpression: 'attribute_exists(jobId)',
    ExpressionAttributeValues: { ':ids': new Set(ids) },
  });
  await onCondition(documents.send(update));
};

/** One listing: the index's partition, and what else must hold. */
type Listing = Pick<
  QueryCommandInput,
  'IndexName' | 'KeyConditionExpression' | 'FilterExpression' | 'ExpressionAttributeNames' | 'ScanIndexForward'
> & { ExpressionAttributeValues: Record<string, string>; partition: Record<string, string> };

const ofUser = (userId: string, jobType: JobType): Listing => ({
  IndexName: 'UserIdIndex',
  KeyConditionExpression: 'userId = :user',
  FilterExpression: 'jobType = :type AND attribute_not_exists(roundTrip)',
  ExpressionAttributeValues: { ':user': userId, ':type': jobType },
  ScanIndexForward: false,
  partition: { userId },
});

const ofStatus = (status: JobStatus): Listing => ({
  IndexName: 'StatusIndex',
  KeyConditionExpression: '#status = :status',
  ExpressionAttributeNames: { '#status': 'status' },
  ExpressionAttributeValues: { ':status': status },
  ScanIndexForward: true,
  partition: { status },
});

/** A job's place in an index. The partition is not part of it: a cursor cannot lead into another's jobs. */
const Place = z.strictObject({ jobId: z.string().min(1), createdAt: z.number() });

const list = async (on: Table, listing: Listing, page: { limit: number; cursor?: string }): Promise<JobPage> => {
  const after = page.cursor === undefined ? undefined : { ...readCursor(Place, page.cursor), ...listing.partition };
  const jobs: Job[] = [];
  for await (const items of pages(on, listing, { after, size: Math.max(itemsPerRead, page.limit + 1) })) {
    jobs.push(...items.map(toJob));
    // One more than asked for tells whether there are more.
    if (jobs.length > page.limit) break;
  }
  if (jobs.length <= page.limit) return { jobs };
  const shown = jobs.slice(0, page.limit);
  const last = shown.at(-1);
  return last === undefined
    ? { jobs: shown }
    : { jobs: shown, cursor: writeCursor({ jobId: last.jobId, createdAt: last.createdAt }) };
};

async function* pages(
  { documents, table }: Table,
  { partition: _, ...query }: Listing,
  { after, size }: { after: Record<string, unknown> | undefined; size: number },
): AsyncGenerator<Record<string, unknown>[]> {
  let from = after;
  do {
    const page = await documents.send(
      new QueryCommand({ TableName: table, ...query, Limit: size, ...(from && { ExclusiveStartKey: from }) }),
    );
    yield page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from);
}

const count = async ({ documents, table }: Table, { partition: _, ...query }: Listing): Promise<number> => {
  let counted = 0;
  let from: Record<string, unknown> | undefined;
  do {
    const page = await documents.send(
      new QueryCommand({ TableName: table, ...query, Select: 'COUNT', ...(from && { ExclusiveStartKey: from }) }),
    );
    counted += page.Count ?? 0;
    from = page.LastEvaluatedKey;
  } while (from);
  return counted;
};

/** DynamoDB has no empty sets: a job that announced nothing has no attribute for it. */
const toItem = ({ announced, ...job }: Job): Record<string, unknown> =>
  announced.length === 0 ? job : { ...job, announced: new Set(announced) };

const toJob = (item: Record<string, unknown>): Job => {
  const announced = item.announced instanceof Set ? [...item.announced].sort() : [];
  const job = Job.safeParse({ ...item, announced });
  if (job.success) return job.data;
  throw new Error(`item ${String(item.jobId)} of the job table is no job: ${z.prettifyError(job.error)}`);
};
