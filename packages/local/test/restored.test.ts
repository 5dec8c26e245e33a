/** A restore over HTTP, and comparisons that must find whatever it would lose. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { EntityKind, Row } from '@fzip/format';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { compareRestored } from '../src/compare-restored.ts';
import { compareTwins } from '../src/compare-twins.ts';
import { displayFor } from '../src/display.ts';
import { runMainJob } from '../src/main-job.ts';
import { putRows } from '../src/profile-loader.ts';
import { RestoreFailed, type RestoreResult, runRestoreJob } from '../src/restore-job.ts';
import { type Runtime, startRuntime } from '../src/runtime.ts';
import { changesBetween, fingerprint, storedObject, storedRows } from '../src/stored-profile.ts';

const [source, twin, given] = ['ann', 'ann-restored', 'bea'];
const display = displayFor({ json: true });
const fixture = (name: string) => fileURLToPath(new URL(`../../../test/compat/housef3/${name}`, import.meta.url));

let folder: string;
let runtime: Runtime;
let restored: RestoreResult;

const restore = (user: string, file: string): Promise<RestoreResult> =>
  runRestoreJob({ baseUrl: runtime.url, token: () => runtime.token(user), files: [file], display });

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fzip-restored-'));
  runtime = await startRuntime({ silent: true });
  await runtime.fillProfile({ user: source, transactions: 40, files: 3, seed: 7 });
  const { volumes } = await runMainJob({
    baseUrl: runtime.url,
    token: () => runtime.token(source),
    folder,
    display,
  });
  restored = await restore(twin, volumes[0]?.path ?? '');
}, 60_000);

afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true, force: true });
});

const rowsOf = async (kind: EntityKind, user: string): Promise<Row[]> => {
  const rows: Row[] = [];
  for await (const row of storedRows(runtime, kind, user)) rows.push(row);
  return rows;
};

/** The first row of a kind that fits, changed while `look` is at work. */
const withChanged = async <T>(
  kind: EntityKind,
  user: string,
  change: (row: Row, all: Row[]) => Row | undefined,
  look: () => Promise<T>,
): Promise<T> => {
  const all = await rowsOf(kind, user);
  const row = all.find((each) => change(each, all) !== undefined);
  const changed = row && change(row, all);
  if (!row || !changed) throw new Error(`no row of ${kind} fits`);
  await putRows(runtime, kind, [changed]);
  try {
    return await look();
  } finally {
    await putRows(runtime, kind, [row]);
  }
};

describe('a profile restored beside its source', () => {
  test('has new ids and the same content', async () => {
    expect(restored.status).toMatchObject({ status: 'completed', progress: 100, idMode: 'remap' });
    expect(restored.status.restoreResults).toMatchObject({ transactions_restored: 40, files_restored: 3 });
    const { count, differences, rows, files } = await compareTwins(runtime, source, twin);
    expect(differences).toEqual([]);
    expect({ count, files }).toEqual({ count: 0, files: 3 });
    expect(rows).toBeGreaterThan(40);
  });

  test('is told apart by one attribute', async () => {
    const { differences } = await withChanged(
      'transactions',
      twin,
      (row) => ({ ...row, memo: 'another memo' }),
      () => compareTwins(runtime, source, twin),
    );
    expect(differences).toHaveLength(2);
    expect(differences[0]).toMatch(/^transactions \S+ of ann-restored has no equal among the rows of ann$/);
    expect(differences[1]).toMatch(/^transactions \S+ of ann has no equal among the rows of ann-restored$/);
  });

  test('is told apart by a reference that leads to another row', async () => {
    const { count } = await withChanged(
      'transactions',
      twin,
      (row, all) => {
        const other = all.find(({ fileId }) => fileId !== row.fileId);
        return other && { ...row, fileId: other.fileId ?? null };
      },
      () => compareTwins(runtime, source, twin),
    );
    expect(count).toBe(2);
  });

  test('is told apart by a transaction hash that is not of its new account', async () => {
    const { count } = await withChanged(
      'transactions',
      twin,
      (row) => ({ ...row, transactionHash: 1 }),
      () => compareTwins(runtime, source, twin),
    );
    expect(count).toBe(2);
  });

  test('is told apart by user metadata and by bytes of a file', async () => {
    const before = await fingerprint(runtime, twin);
    const [file] = await rowsOf('transaction_files', twin);
    const stored = { Bucket: runtime.config.buckets.files, Key: String(file?.s3Key) };
    await runtime.clients.s3.send(new PutObjectCommand({ ...stored, Body: 'x', Metadata: { fileid: 'y' } }));
    const { differences } = await compareTwins(runtime, source, twin);
    expect(differences[0]).toBe(`the object of file ${String(file?.fileId)} has user metadata: fileid`);
    expect(differences.slice(1).some((text) => text.startsWith('transaction_files '))).toBe(true);
    expect(changesBetween(twin, before, await fingerprint(runtime, twin))).toEqual([
      `${twin}: files changed while another profile was restored`,
    ]);
  });
});

describe('a package of HouseF3', () => {
  test('gives the rows and bytes of its dump, and what is missing is named', async () => {
    const file = fixture('real-with-files.fzip');
    const { status } = await restore(given, file);
    expect(status.idMode).toBe('preserve');
    expect(status.validationResults?.warnings).toHaveLength(2);
    const whole = await compareRestored(runtime, given, file);
    expect(whole).toMatchObject({ differences: [], rows: 20, files: 2, source: 'the dump beside the package' });
    const { differences } = await withChanged(
      'accounts',
      given,
      (row) => ({ ...row, accountName: 'another' }),
      () => compareRestored(runtime, given, file),
    );
    expect(differences).toEqual([expect.stringMatching(/^accounts \S+: accountName is "another", the dump .* has /)]);
    const [one] = await rowsOf('transaction_files', given);
    expect((await storedObject(runtime, one?.s3Key))?.metadata ?? []).toEqual([]);
  }, 30_000);

  test('is refused with the reason if it is none', async () => {
    const refused = restore('cleo', fileURLToPath(import.meta.url));
    await expect(refused).rejects.toThrow(RestoreFailed);
    await expect(refused).rejects.toThrow('validation failed: the package cannot be restored');
  }, 30_000);

  test('is announced, and the analytics of its user are marked as stale', async () => {
    const events = await runtime.subscribe({ eventType: ['restore.completed'], userId: ['dora'] });
    await restore('dora', fixture('specified-format.fzip'));
    expect((await events.next()).data).toMatchObject({ userId: 'dora', counts: { transactions: 1 } });
    const marked = async (): Promise<boolean> => {
      const TableName = runtime.config.tables.analyticsStatus;
      const { Items = [] } = await runtime.clients.dynamodb.send(new ScanCommand({ TableName }));
      return Items.some((item) => Object.values(item).some(({ S }) => S?.startsWith('dora')));
    };
    await vi.waitUntil(marked, { timeout: 20_000, interval: 50 });
  }, 30_000);
});

test('a set of volumes is uploaded form by form and restored whole', async () => {
  const small = await startRuntime({ silent: true, limits: { volumeBytes: 8_000, chunkRows: 40 } });
  try {
    await small.fillProfile({ user: source, transactions: 150, files: 4, seed: 7 });
    const made = await mkdtemp(path.join(tmpdir(), 'fzip-set-'));
    const { volumes } = await runMainJob({
      baseUrl: small.url,
      token: () => small.token(source),
      folder: made,
      display,
    });
    expect(volumes.length).toBeGreaterThan(2);
    const files = volumes.map((volume) => volume.path);
    await runRestoreJob({ baseUrl: small.url, token: () => small.token(twin), files, display });
    expect(await compareTwins(small, source, twin)).toMatchObject({ count: 0 });
    await rm(made, { recursive: true, force: true });
  } finally {
    await small.close();
  }
}, 60_000);
