/** Partial backups: what they take is what their filters say and all that this refers to, and they restore. */
import {
  type BackupParameters,
  createBackup,
  createRestore,
  type Job,
  type Limits,
  sweep,
  uploadKey,
} from '@fzip/core';
import {
  bufferSource,
  checkVolume,
  type EntityKind,
  entityKinds,
  formatRow,
  idOf,
  openVolume,
  type Row,
  referencesOf,
  toPackageRow,
} from '@fzip/format';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, failing, fill } from './drive.ts';

const user = 'alice';
const small: Partial<Limits> = { chunkRows: 7, handOverMs: 0, rangeRows: 20 };
const kept = { expiresInHours: 24 } as const;

const world = async (transactions = 60): Promise<MemoryPorts> => {
  const ports = memoryPorts({ limits: small, pageRows: 5 });
  await fill(ports, user, { transactions, files: 5 });
  await fill(ports, 'mallory', { transactions: 10, files: 1, seed: 9 });
  return ports;
};

const rowsOf = (ports: MemoryPorts, kind: EntityKind): Row[] =>
  ports.profiles.rows(kind).filter(({ userId }) => userId === user);

const idsOf = (ports: MemoryPorts, kind: EntityKind): string[] =>
  rowsOf(ports, kind).map((row) => idOf(kind, row) ?? '');

const back = async (ports: MemoryPorts, parameters: BackupParameters): Promise<Job> => {
  const { job } = await createBackup(ports, { userId: user, parameters });
  await drain(ports);
  const done = await ports.jobs.find(job.jobId);
  if (!done) throw new Error('no job');
  return done;
};

const bytesOf = (ports: MemoryPorts, job: Job): Buffer => {
  const stored = ports.packages.objects.get(job.packages?.[0]?.key ?? '');
  if (!stored) throw new Error(`no package of ${job.status}: ${job.error?.message}`);
  return stored.bytes;
};

const packaged = async (ports: MemoryPorts, job: Job): Promise<Record<EntityKind, string[]>> => {
  const found = Object.fromEntries(entityKinds.map((kind) => [kind, [] as string[]])) as Record<EntityKind, string[]>;
  const volume = await openVolume(bufferSource(bytesOf(ports, job)));
  const check = await checkVolume(volume, { onRow: (kind, { line }) => void found[kind].push(line) });
  expect(check.errors).toEqual([]);
  expect(volume.manifest.backup_type).toBe(job.parameters?.backupType);
  for (const kind of entityKinds) found[kind].sort();
  return found;
};

/** By brute force: the roots, and again and again what they refer to. */
const expected = (
  ports: MemoryPorts,
  isRoot: (kind: EntityKind, row: Row) => boolean,
): Record<EntityKind, string[]> => {
  const taken = new Map<EntityKind, Map<string, Row>>(entityKinds.map((kind) => [kind, new Map<string, Row>()]));
  const take = (kind: EntityKind, row: Row): void => {
    const id = idOf(kind, row) ?? '';
    if (taken.get(kind)?.has(id)) return;
    taken.get(kind)?.set(id, row);
    for (const { to, id: other } of referencesOf(kind, row)) {
      const target = rowsOf(ports, to).find((candidate) => idOf(to, candidate) === other);
      if (target) take(to, target);
    }
  };
  for (const kind of entityKinds) for (const row of rowsOf(ports, kind)) if (isRoot(kind, row)) take(kind, row);
  return Object.fromEntries(
    entityKinds.map((kind) => [
      kind,
      [...(taken.get(kind)?.values() ?? [])].map((row) => formatRow(toPackageRow(kind, row))).sort(),
    ]),
  ) as Record<EntityKind, string[]>;
};

const categoriesOf = (row: Row): unknown[] => [
  row.primaryCategoryId,
  ...(Array.isArray(row.categories) ? row.categories.map((each) => (each as Row).categoryId) : []),
];

type Case = { parameters: BackupParameters; isRoot(kind: EntityKind, row: Row): boolean };

const cases = (ports: MemoryPorts): Record<string, Case> => {
  const [first, second] = idsOf(ports, 'accounts') as [string, string];
  const used = rowsOf(ports, 'transactions')
    .flatMap(categoriesOf)
    .filter((id) => typeof id === 'string') as string[];
  const [category] = used as [string];
  const dates = rowsOf(ports, 'transactions')
    .map(({ date }) => Number(date))
    .sort((a, b) => a - b);
  const [from, to] = [dates[15] ?? 0, dates[40] ?? 0];
  const isWithin = ({ date }: Row): boolean => Number(date) >= from && Number(date) <= to;
  return {
    accounts_only: {
      parameters: { backupType: 'accounts_only', ...kept },
      isRoot: (kind) => kind === 'accounts',
    },
    categories_only: {
      parameters: { backupType: 'categories_only', ...kept },
      isRoot: (kind) => kind === 'categories',
    },
    transactions_only: {
      parameters: { backupType: 'transactions_only', ...kept },
      isRoot: (kind) => kind === 'transactions',
    },
    'date_range with both ends': {
      parameters: { backupType: 'date_range', dateRangeStart: from, dateRangeEnd: to, ...kept },
      isRoot: (kind, row) => kind === 'transactions' && isWithin(row),
    },
    'date_range that is open': {
      parameters: { backupType: 'date_range', dateRangeStart: from, ...kept },
      isRoot: (kind, row) => kind === 'transactions' && Number(row.date) >= from,
    },
    'date_range without a transaction': {
      parameters: { backupType: 'date_range', dateRangeEnd: (dates[0] ?? 0) - 1, ...kept },
      isRoot: () => false,
    },
    'selective by accounts': {
      parameters: { backupType: 'selective', accountIds: [first, second], ...kept },
      isRoot: (kind, row) =>
        (kind === 'transactions' || kind === 'accounts') && [first, second].includes(String(row.accountId)),
    },
    'selective by a category': {
      parameters: { backupType: 'selective', categoryIds: [category], ...kept },
      isRoot: (kind, row) =>
        (kind === 'transactions' && categoriesOf(row).includes(category)) ||
        (kind === 'categories' && row.categoryId === category),
    },
    'selective by all of them': {
      parameters: {
        backupType: 'selective',
        accountIds: [first],
        categoryIds: [category],
        dateRangeStart: from,
        dateRangeEnd: to,
        ...kept,
      },
      isRoot: (kind, row) => {
        if (kind === 'accounts') return row.accountId === first;
        if (kind === 'categories') return row.categoryId === category;
        return (
          kind === 'transactions' && row.accountId === first && categoriesOf(row).includes(category) && isWithin(row)
        );
      },
    },
  };
};

const names = Object.keys(cases(await world()));

describe.each(names)('a backup of type %s', (name) => {
  test('takes what it is asked for and all that this refers to, and nothing else', async () => {
    const ports = await world();
    const { parameters, isRoot } = cases(ports)[name] as Case;
    const job = await back(ports, parameters);
    expect(job.error).toBeUndefined();
    expect(await packaged(ports, job)).toEqual(expected(ports, isRoot));
    expect(job.validation).toMatchObject({ completeness_score: 100 });
  });

  test('restores into an empty profile with all its rows', async () => {
    const ports = await world();
    const job = await back(ports, (cases(ports)[name] as Case).parameters);
    const { rows } = { rows: await packaged(ports, job) };
    const created = await createRestore(ports, {
      userId: 'bob',
      parameters: { validateOnly: false, requireConfirmation: false, idMode: 'auto' },
    });
    if (!created.ok) throw new Error('the profile is not empty');
    const key = uploadKey(created.job, 1);
    await ports.packages.put(key, bytesOf(ports, job));
    await ports.queues.send('restore-start', [{ key }], 'bob');
    await drain(ports);
    expect(await ports.jobs.find(created.job.jobId)).toMatchObject({ status: 'restore_completed' });
    for (const kind of entityKinds) {
      const restored = ports.profiles.rows(kind).filter(({ userId }) => userId === 'bob');
      expect(restored.length, kind).toBe(rows[kind].length);
    }
  });
});

describe('a partial backup', () => {
  test('brings analytics when asked: of its accounts, and of no account in particular', async () => {
    const ports = await world();
    const [account, other] = idsOf(ports, 'accounts') as [string, string];
    const analytics = [undefined, account, other].map((accountId, n) => ({
      userId: user,
      analyticType: 'cash_flow',
      timePeriod: `2026-0${n + 1}`,
      computedDate: '2026-01-01T00:00:00Z',
      data: {},
      ...(accountId && { accountId }),
    }));
    for (const row of rowsOf(ports, 'analytics')) ports.profiles.remove('analytics', row);
    ports.profiles.put('analytics', analytics);
    const asked: BackupParameters = { backupType: 'selective', accountIds: [account], includeAnalytics: true, ...kept };
    const found = await packaged(ports, await back(ports, asked));
    const accounts = new Set(found.accounts.map((line) => JSON.parse(line).accountId));
    const expectedOnes = analytics.filter(({ accountId }) => accountId === undefined || accounts.has(accountId));
    expect(found.analytics.map((line) => JSON.parse(line).timePeriod).sort()).toEqual(
      expectedOnes.map(({ timePeriod }) => timePeriod),
    );
    expect(expectedOnes.length).toBe(2);
  });

  test('says what was asked for in its manifest', async () => {
    const ports = await world();
    const [account] = idsOf(ports, 'accounts') as [string];
    const asked: BackupParameters = { backupType: 'selective', accountIds: [account], dateRangeStart: 0, ...kept };
    const { manifest } = await openVolume(bufferSource(bytesOf(ports, await back(ports, asked))));
    expect(manifest.filters).toEqual({ account_ids: [account], date_range_start: '1970-01-01T00:00:00.000Z' });
  });

  test.each(['accountIds', 'categoryIds'] as const)(
    'by %s that are another user’s or nobody’s fails by name',
    async (name) => {
      const ports = await world();
      const kind = name === 'accountIds' ? 'accounts' : 'categories';
      const theirs = ports.profiles.rows(kind).find(({ userId }) => userId === 'mallory');
      const own = idsOf(ports, kind)[0] ?? '';
      for (const id of [idOf(kind, theirs ?? {}) ?? '', '00000000-0000-4000-8000-000000000000']) {
        const job = await back(ports, { backupType: 'selective', [name]: [own, id], ...kept } as BackupParameters);
        expect(job).toMatchObject({ status: 'backup_failed', error: { code: 'UNKNOWN_ID' } });
        expect(job.error?.message).toBe(`${name}[1]: you have none of ${kind} with the id ${id}`);
      }
    },
  );

  test('fails rather than lose a row when the ids that were staged are altered', async () => {
    const ports = await world();
    const put = ports.packages.put;
    const empty = Buffer.from('H4sIAAAAAAAAAwMAAAAAAAAAAAA=', 'base64');
    ports.packages.put = (key, body, options) => put(key, key.includes('/ids/') ? empty : body, options);
    expect(await back(ports, { backupType: 'transactions_only', ...kept })).toMatchObject({ status: 'backup_failed' });
  });

  test('ends the same whichever call fails, before its effect or after it', async () => {
    const build = async () => {
      const ports = await world(25);
      return { ports, asked: (cases(ports)['selective by accounts'] as Case).parameters };
    };
    const counting = await build();
    const counted = failing(counting.ports, 0, 'before');
    await createBackup(counted.ports, { userId: user, parameters: counting.asked });
    await drain(counting.ports, counted.ports);
    for (const when of ['before', 'after'] as const) {
      for (let nth = 1; nth <= counted.calls(); nth += 1) {
        const { ports, asked } = await build();
        const faulty = failing(ports, nth, when);
        const create = () => createBackup(faulty.ports, { userId: user, parameters: asked, idempotencyKey: 'once' });
        const { job } = await create().catch(create);
        await drain(ports, faulty.ports);
        ports.time.now += 60 * 60_000;
        await sweep(ports);
        await drain(ports);
        const done = await ports.jobs.find(job.jobId);
        expect(done?.status, `call ${nth} failed ${when}`).toBe('backup_completed');
        expect(await packaged(ports, done as Job)).toEqual(
          expected(ports, (cases(ports)['selective by accounts'] as Case).isRoot),
        );
      }
    }
  }, 120_000);
});

describe('a large profile', () => {
  test('has its transactions read in several ranges of dates, none left out and none doubled', async () => {
    const ports = await world(100);
    const job = await back(ports, { backupType: 'complete', ...kept });
    expect(job.pieces?.filter(({ kind, unindexed }) => kind === 'transactions' && !unindexed).length).toBe(5);
    expect((await packaged(ports, job)).transactions).toEqual(expected(ports, () => true).transactions);
  });

  test('whose transactions are all of one moment is read all the same', async () => {
    const ports = await world(60);
    ports.profiles.put(
      'transactions',
      rowsOf(ports, 'transactions').map((row) => ({ ...row, date: 1_700_000_000_000 })),
    );
    const job = await back(ports, { backupType: 'complete', ...kept });
    expect((await packaged(ports, job)).transactions).toEqual(expected(ports, () => true).transactions);
  });

  test('that grows at both ends meanwhile is read to its ends', async () => {
    const ports = await world(60);
    const page = ports.profiles.page;
    const [row] = rowsOf(ports, 'transactions') as [Row];
    let added = false;
    ports.profiles.page = async (query) => {
      if (!added && query.kind === 'transactions') {
        added = true;
        ports.profiles.put('transactions', [
          { ...row, transactionId: '00000000-0000-4000-8000-000000000001', date: 1 },
          { ...row, transactionId: '00000000-0000-4000-8000-000000000002', date: 4_000_000_000_000 },
        ]);
      }
      return page(query);
    };
    const job = await back(ports, { backupType: 'complete', ...kept });
    expect((await packaged(ports, job)).transactions).toEqual(expected(ports, () => true).transactions);
  });
});
