import { PutItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { ScanCommand as ScanDocuments } from '@aws-sdk/lib-dynamodb';
import { type DeadLetter, hostTables } from '@fzip/core';
import { jobStoreContract, ledgerContract, profileStoreContract, sampleJob, sampleRow, someUser } from '@fzip/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Item, toAttributeValues } from '../src/attribute-values.ts';
import { jobStore } from '../src/job-store.ts';
import { jobLedger } from '../src/ledger.ts';
import { profileStore } from '../src/profile-store.ts';
import { kindTables } from '../src/profile-tables.ts';
import { type AwsWorld, startAws } from './world.ts';

const jobsOn = ({ clients, config }: AwsWorld) => ({ documents: clients.documents, table: config.tables.jobs });
const profilesOn = ({ clients, config }: AwsWorld) => ({ dynamodb: clients.dynamodb, tables: config.tables });

/** What was buried, as it stands in the table. */
const lettersIn = async ({ clients, config }: AwsWorld): Promise<DeadLetter[]> => {
  const { Items = [] } = await clients.documents.send(new ScanDocuments({ TableName: config.tables.jobs }));
  return Items.filter(({ jobId }) => String(jobId).startsWith('dead#')).map(({ letter }) => letter as DeadLetter);
};

/** A user's statuses of analytics, as they stand in HouseF3's table. */
const statusesOf = async ({ clients, config }: AwsWorld, userId: string): Promise<Item[]> => {
  const { Items = [] } = await clients.dynamodb.send(
    new QueryCommand({
      TableName: config.tables.analyticsStatus,
      KeyConditionExpression: 'pk = :user',
      ExpressionAttributeValues: { ':user': { S: userId } },
    }),
  );
  return Items;
};

jobStoreContract('on DynamoDB', async () => {
  const world = await startAws({ tables: ['jobs'] });
  const elsewhere = () => jobStore(jobsOn({ ...world, clients: world.elsewhere() }));
  return { store: jobStore(jobsOn(world)), elsewhere, close: world.close };
});

ledgerContract('on DynamoDB', async () => {
  const world = await startAws({ tables: ['jobs'] });
  const elsewhere = () => jobLedger(jobsOn({ ...world, clients: world.elsewhere() }));
  return { ledger: jobLedger(jobsOn(world)), elsewhere, letters: () => lettersIn(world), close: world.close };
});

profileStoreContract('on DynamoDB', async () => {
  const world = await startAws({ tables: hostTables });
  const { clients, config } = world;
  return {
    store: profileStore(profilesOn(world)),
    put: async (kind, rows) => {
      const TableName = config.tables[kindTables[kind].table];
      for (const row of rows)
        await clients.dynamodb.send(new PutItemCommand({ TableName, Item: toAttributeValues(row) }));
    },
    stale: async (userId) =>
      (await statusesOf(world, userId))
        .filter(({ status }) => status?.S === 'stale')
        .map((item) => ({ analyticType: item.analyticType?.S ?? '', at: Date.parse(item.lastUpdated?.S ?? '') })),
    close: world.close,
  };
});

describe('on DynamoDB alone', () => {
  let world: AwsWorld;
  beforeAll(async () => {
    world = await startAws({ tables: ['jobs', ...hostTables] });
  });
  afterAll(() => world.close());

  test('no item of the ledger comes into an index of the jobs, and each is deleted in the end', async () => {
    const now = Date.UTC(2026, 0, 1);
    const ledger = jobLedger({ ...jobsOn(world), clock: () => now });
    const scope = { jobId: sampleJob().jobId, attempt: 1, step: 'backup-collect', kind: 'accounts' } as const;
    await ledger.put(scope, 0, { userId: 'u', status: 'backup_initiated', jobType: 'backup' });
    await ledger.mark(scope, 0, 0);
    await ledger.lease(scope, 0, { owner: 'me', until: 2, now: 1 });
    await ledger.tally(scope.jobId, 1, 'accounts', 1);
    await ledger.lockProfile('u', { jobId: scope.jobId, attempt: 1 });
    await ledger.blame(scope, 'backup-collect', 'why');
    await ledger.takeTurn('u', 1, 1);
    await ledger.remember('n', 't');
    await ledger.bury({ id: '1', step: 'backup-collect', body: '{}', at: 1, jobId: scope.jobId });
    const { Items = [] } = await world.clients.dynamodb.send(new ScanCommand({ TableName: world.config.tables.jobs }));
    expect(Items.map(({ jobId }) => jobId?.S?.split('#')[0]).sort()).toEqual([
      'blame',
      'chunk',
      'dead',
      'lease',
      'ledger',
      'lock',
      'note',
      'tally',
      'turns',
    ]);
    for (const item of Items) {
      expect(item).not.toHaveProperty('userId');
      expect(item).not.toHaveProperty('jobType');
      expect(item).not.toHaveProperty('status');
      expect(item.ttl).toEqual({ N: String(now / 1000 + 30 * 24 * 3600) });
    }
  });

  test('a status of analytics is marked as HouseF3 reads it, and what else it holds is kept', async () => {
    const userId = someUser();
    const TableName = world.config.tables.analyticsStatus;
    const Item = { pk: { S: userId }, sk: { S: 'cash_flow#ALL' }, lastComputedDate: { S: '2026-01-01' } };
    await world.clients.dynamodb.send(
      new PutItemCommand({ TableName, Item: { ...Item, processingPriority: { N: '1' }, status: { S: 'completed' } } }),
    );
    await profileStore(profilesOn(world)).markAnalyticsStale(userId, Date.UTC(2026, 1, 3));
    const [known, unknown] = await statusesOf(world, userId).then((items) =>
      ['cash_flow', 'recommendations'].map((type) => items.find(({ analyticType }) => analyticType?.S === type)),
    );
    const marked = {
      pk: { S: userId },
      userId: { S: userId },
      status: { S: 'stale' },
      lastUpdated: { S: '2026-02-03T00:00:00.000+00:00' },
      computationNeeded: { B: new Uint8Array([1]) },
      dataAvailableThrough: { NULL: true },
    };
    const cashFlow = { analyticType: { S: 'cash_flow' }, processingPriority: { N: '1' } };
    expect(known).toEqual({ ...marked, ...Item, ...cashFlow });
    const recommendations = { analyticType: { S: 'recommendations' }, sk: { S: 'recommendations#ALL' } };
    const none = { lastComputedDate: { NULL: true }, processingPriority: { N: '3' } };
    expect(unknown).toEqual({ ...marked, ...recommendations, ...none });
  });

  test('a dead letter that is longer than an item can be is kept by its beginning', async () => {
    const ledger = jobLedger(jobsOn(world));
    await ledger.bury({ id: 'long', step: 'backup-request', body: 'ü'.repeat(500_000), at: 1 });
    const letter = (await lettersIn(world)).find(({ id }) => id === 'long');
    expect(letter).toMatchObject({ bodyBytes: 1_000_000, body: expect.stringMatching(/^ü+/) });
  });

  test('an item that is no job is named', async () => {
    const job = sampleJob();
    const Item = toAttributeValues({ jobId: job.jobId, userId: 'u', status: 'no such status' });
    await world.clients.dynamodb.send(new PutItemCommand({ TableName: world.config.tables.jobs, Item }));
    await expect(jobStore(jobsOn(world)).find(job.jobId)).rejects.toThrow(
      `item ${job.jobId} of the job table is no job`,
    );
  });

  test('counting stops between two pages when its time is over, and says "at least"', async () => {
    const userId = someUser();
    const rows = Array.from({ length: 8 }, (_, n) => sampleRow('accounts', userId, n, { notes: 'x'.repeat(300_000) }));
    for (const row of rows) {
      const TableName = world.config.tables.accounts;
      await world.clients.dynamodb.send(new PutItemCommand({ TableName, Item: toAttributeValues(row) }));
    }
    let now = 0;
    const clock = () => {
      now += 1_000;
      return now;
    };
    const { count, exact } = await profileStore({ ...profilesOn(world), clock }).count(userId, 'accounts', 1_500);
    expect(exact).toBe(false);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(8);
  });
});
