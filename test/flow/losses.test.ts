/**
 * No silent loss: at each stage of a backup one row or file is lost or altered. It ends failed, or says so: by the id of
 * what is lost wherever an id can be known. None ends green. On ports in memory, where every stage can be reached.
 */
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createBackup, type Job, type Ports, packagePrefix } from '@fzip/core';
import { type EntityKind, idOf, type Row } from '@fzip/format';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, fill } from '../../packages/core/test/drive.ts';

const user = 'alice';

const world = async (): Promise<MemoryPorts> => {
  const ports = memoryPorts({ limits: { chunkRows: 7, smallFileBytes: 300 }, pageRows: 5 });
  await fill(ports, user, { transactions: 30, files: 3 });
  return ports;
};

/** What is done to a world before its backup runs; gives the id of what is lost, if the loss has one. */
type Loss = (ports: MemoryPorts) => string | undefined | Promise<string | undefined>;

const own = (ports: MemoryPorts, kind: EntityKind): Row[] =>
  ports.profiles.rows(kind).filter(({ userId }) => userId === user);
const victim = (ports: MemoryPorts, kind: EntityKind): string => {
  const rows = own(ports, kind);
  return idOf(kind, rows[Math.floor(rows.length / 2)] ?? {}) ?? '';
};

type Page = Awaited<ReturnType<Ports['profiles']['page']>>;

/** Changes pages of a kind; `look` 1 is the first reading, 2 the look afterwards. */
const onPage =
  (kind: EntityKind, look: 1 | 2, change: (page: Page, id: string, nth: number) => Page): Loss =>
  (ports) => {
    const id = victim(ports, kind);
    const page = ports.profiles.page;
    let nth = 0;
    ports.profiles.page = async (query) => {
      const found = await page(query);
      if (query.kind !== kind || (query.attributes === undefined) !== (look === 1)) return found;
      nth += 1;
      return change(found, id, nth);
    };
    return undefined;
  };

/** A row is never among those of one look: the other sees it, and so it is known. */
const hiddenFrom =
  (kind: EntityKind, look: 1 | 2): Loss =>
  (ports) => {
    onPage(kind, look, (page, id) => without(page, kind, id))(ports);
    return victim(ports, kind);
  };

const without = (page: Page, kind: EntityKind, id: string): Page => ({
  ...page,
  rows: page.rows.filter((row) => idOf(kind, row) !== id),
});

/** Changes the bytes of objects as they are written, and says that what was meant is there. */
const onPut =
  (where: (key: string) => boolean, change: (body: Buffer, key: string) => Buffer): Loss =>
  (ports) => {
    const put = ports.packages.put;
    ports.packages.put = (key, body, options) => put(key, where(key) ? change(body, key) : body, options);
    return undefined;
  };

const chunkOf = (kind: EntityKind) => (key: string) => key.startsWith('staging/') && key.includes(`/${kind}/`);
const lines = (change: (lines: string[]) => string[]) => (body: Buffer) =>
  gzipSync(
    change(gunzipSync(body).toString().split('\n').slice(0, -1))
      .map((line) => `${line}\n`)
      .join(''),
  );

/** Changes the stored volume after it was written. */
const onVolume =
  (change: (bytes: Buffer) => Buffer | undefined): Loss =>
  (ports) => {
    const upload = ports.packages.upload;
    ports.packages.upload = async (key, body, options) => {
      const info = await upload(key, body, options);
      const stored = ports.packages.objects.get(key);
      const bytes = stored && change(Buffer.from(stored.bytes));
      if (bytes) await ports.packages.put(key, bytes);
      else await ports.packages.delete([key]);
      return bytes && bytes.length === info.size
        ? { ...info, etag: (await ports.packages.head(key))?.etag ?? '' }
        : info;
    };
    return undefined;
  };

/** Changes records as the ledger keeps them. */
const onRecord =
  (kind: RegExp, change: (record: Record<string, unknown>) => Record<string, unknown>): Loss =>
  (ports) => {
    const put = ports.ledger.put;
    ports.ledger.put = (scope, n, record) =>
      put(scope, n, (kind.test(scope.kind) ? change(record) : record) as typeof record);
    return undefined;
  };

const flip = (at: number) => (bytes: Buffer) => {
  const changed = Buffer.from(bytes);
  const index = Math.floor(bytes.length * at);
  changed[index] = (changed[index] ?? 0) ^ 0x10;
  return changed;
};

const firstFile = (ports: MemoryPorts): { id: string; key: string } => {
  const [row] = own(ports, 'transaction_files');
  return { id: String(row?.fileId), key: String(row?.s3Key) };
};

const onFile =
  (change: (ports: MemoryPorts, key: string) => void | Promise<void>): Loss =>
  async (ports) => {
    const { id, key } = firstFile(ports);
    await change(ports, key);
    return id;
  };

/** Changes the answer of reading one file. */
const fileReads = (change: (bytes: Buffer) => Buffer | Error): Loss =>
  onFile((ports, key) => {
    const read = ports.files.read;
    ports.files.read = async (asked, options) => {
      const body = await read(asked, options);
      if (asked !== key) return body;
      const changed = change(await buffer(body));
      if (changed instanceof Error) throw changed;
      return (await import('node:stream')).Readable.from(changed.length > 0 ? [changed] : []);
    };
  });

const kinds = ['accounts', 'categories', 'file_maps', 'transaction_files', 'transactions'] as const;

const losses: Record<string, Loss> = {
  ...Object.fromEntries(
    kinds.map((kind) => [
      `a row of ${kind} is left out of a page for good`,
      ((ports) => {
        const id = victim(ports, kind);
        const page = ports.profiles.page;
        ports.profiles.page = async (query) =>
          query.kind === kind ? without(await page(query), kind, id) : page(query);
        return undefined;
      }) satisfies Loss,
    ]),
  ),
  ...Object.fromEntries(
    kinds.map((kind) => [`a row of ${kind} is left out of every first reading`, hiddenFrom(kind, 1)]),
  ),
  'a row is left out of every second look': hiddenFrom('transactions', 2),
  'a page ends early': onPage('transactions', 1, ({ rows }, _, nth) =>
    nth % 6 === 3 ? { rows } : { rows, cursor: '' },
  ),
  'a page is given empty': onPage('transactions', 1, (page) => ({ ...page, rows: [] })),
  'the last page is lost': onPage('transactions', 1, (page) => (page.cursor ? page : { rows: [] })),
  'a row is given twice': onPage('transactions', 1, (page, id) => ({
    ...page,
    rows: page.rows.flatMap((row) => (row.transactionId === id ? [row, row] : [row])),
  })),
  'a row comes in place of another': onPage('transactions', 1, ({ rows, ...page }) => ({
    ...page,
    rows: rows.map((row, n) => (n === 0 ? (rows.at(-1) ?? row) : row)),
  })),
  'a row of a chunk is lost in staging': onPut(
    chunkOf('transactions'),
    lines(([, ...rest]) => rest),
  ),
  'a row of a chunk is doubled in staging': onPut(
    chunkOf('transactions'),
    lines(([first = '', ...rest]) => [first, first, ...rest]),
  ),
  'an amount changes in staging': onPut(
    chunkOf('transactions'),
    lines((all) => all.map((line) => line.replace(/"amount":"(-?)\d/, '"amount":"$17'))),
  ),
  'a name changes in staging': onPut(
    chunkOf('accounts'),
    lines((all) => all.map((line) => line.replace(/"accountName":"./, '"accountName":"#'))),
  ),
  'rows of a chunk change places in staging': onPut(
    chunkOf('transactions'),
    lines((all) => all.toReversed()),
  ),
  'a chunk is truncated in staging': onPut(chunkOf('transactions'), (body) => body.subarray(0, body.length - 9)),
  'a chunk is stored empty': onPut(chunkOf('transactions'), () => gzipSync('')),
  'a chunk is stored as nothing': onPut(chunkOf('transactions'), () => Buffer.alloc(0)),
  'a byte of a chunk flips': onPut(chunkOf('transactions'), flip(0.5)),
  'a chunk of small rows is stored empty': onPut(chunkOf('categories'), () => gzipSync('')),
  'every chunk is the first one': (ports) => {
    let first: Buffer | undefined;
    return onPut(chunkOf('transactions'), (body) => (first ??= body))(ports);
  },
  'a chunk vanishes from staging': (ports) => {
    const read = ports.packages.read;
    ports.packages.read = async (key, options) => {
      if (chunkOf('transactions')(key)) await ports.packages.delete([key]);
      return read(key, options);
    };
    return undefined;
  },
  'a chunk is counted one short': onRecord(/^chunk\.4/, (record) => ({ ...record, rows: Number(record.rows) - 1 })),
  'a chunk’s sum is another’s': onRecord(/^chunk\.4/, (record) => ({ ...record, sha256: '0'.repeat(64) })),
  'a chunk’s digest is another’s': onRecord(/^chunk\.4/, (record) => ({ ...record, digest: '0'.repeat(64) })),
  'a chunk’s object is forgotten': onRecord(/^chunk\.4/, ({ key: _, ...record }) => record),
  'a chunk’s follower is forgotten': onRecord(/^chunk\.4/, ({ next: _, ...record }) => record),
  'a chunk’s edges are forgotten': onRecord(/^chunk\.4/, ({ first: _, last: __, ...record }) => record),
  'a piece is counted one short': onRecord(/^piece$/, (record) => ({ ...record, rows: Number(record.rows) - 1 })),
  'a piece’s digest is another’s': onRecord(/^piece$/, (record) => ({ ...record, digest: '1'.repeat(64) })),
  'a record of the ledger is lost': (ports) => {
    const range = ports.ledger.range;
    ports.ledger.range = async (scope, from, count) => {
      const found = await range(scope, from, count);
      return scope.kind.startsWith('chunk.4') ? found.slice(0, -1) : found;
    };
    return undefined;
  },
  'the plan leaves out the last transactions': onRecord(/^plan$/, (plan) => ({
    volumes: (plan.volumes as { transactions: { from: number; to: number } }[]).map((volume) => ({
      ...volume,
      transactions: { ...volume.transactions, to: volume.transactions.to - 1 },
    })),
  })),
  'the plan leaves out a file': onRecord(/^plan$/, (plan) => ({
    volumes: (plan.volumes as { files: { from: number; to: number } }[]).map((volume) => ({
      ...volume,
      files: { ...volume.files, to: volume.files.to - 1 },
    })),
  })),
  'the plan leaves out the first file': onRecord(/^plan$/, (plan) => ({
    volumes: (plan.volumes as { files: { from: number; to: number } }[]).map((volume) => ({
      ...volume,
      files: { ...volume.files, from: 1 },
    })),
  })),
  'a file is gone': onFile((ports, key) => ports.files.delete([key])),
  'a file is not the user’s': onFile((ports) => {
    const [row] = own(ports, 'transaction_files');
    if (row) ports.profiles.put('transaction_files', [{ ...row, s3Key: 'bob/secret.csv' }]);
  }),
  'a file cannot be read': fileReads(() => new Error('the disk is broken')),
  'a file ends early': fileReads((bytes) => bytes.subarray(0, bytes.length - 1)),
  'a file gives nothing': fileReads(() => Buffer.alloc(0)),
  'a file goes on too long': fileReads((bytes) => Buffer.concat([bytes, bytes])),
  'a file is replaced while it is read': onFile((ports, key) => {
    const head = ports.files.head;
    ports.files.head = async (asked) => {
      const info = await head(asked);
      if (asked === key) await ports.files.put(key, Buffer.from(`other bytes ${ports.newId()}`));
      return info;
    };
  }),
  'a file was shortened after its row was written': onFile((ports, key) =>
    ports.files.put(key, Buffer.from('x')).then(() => undefined),
  ),
  'the last part of the upload is missing': onVolume((bytes) => bytes.subarray(0, bytes.length - 1000)),
  'the first part of the upload is missing': onVolume((bytes) => bytes.subarray(1000)),
  'a part in the middle of the upload is missing': onVolume((bytes) =>
    Buffer.concat([bytes.subarray(0, 2000), bytes.subarray(3000)]),
  ),
  'a part of the upload is zeros': onVolume((bytes) => Buffer.from(bytes.fill(0, 2000, 3000))),
  'the package is not there': onVolume(() => undefined),
  'the package is empty': onVolume(() => Buffer.alloc(0)),
  ...Object.fromEntries(
    [0.05, 0.2, 0.4, 0.6, 0.8, 0.95].map((at) => [`a byte of the package flips at ${at}`, onVolume(flip(at))]),
  ),
  'the package is replaced after it was read back': (ports) => {
    const head = ports.packages.head;
    ports.packages.head = async (key) => {
      if (key.startsWith(packagePrefix({ userId: user, jobId: '' }).slice(0, -1))) {
        await ports.packages.put(key, Buffer.from('another'));
      }
      return head(key);
    };
    return undefined;
  },
};

const run = async (ports: MemoryPorts): Promise<Job> => {
  const { job } = await createBackup(ports, {
    userId: user,
    parameters: { backupType: 'complete', expiresInHours: 24 },
  });
  await drain(ports);
  const ran = await ports.jobs.find(job.jobId);
  if (!ran) throw new Error('no job');
  return ran;
};

const isGreen = ({ status, validation }: Job): boolean =>
  status === 'backup_completed' && validation?.score === 100 && validation.issues.length === 0;

test('without a loss a backup ends green', async () => {
  expect(isGreen(await run(await world()))).toBe(true);
});

test('at least forty ways are tried', () => {
  expect(Object.keys(losses).length).toBeGreaterThanOrEqual(40);
});

describe('none ends green when', () => {
  test.each(Object.keys(losses))('%s', async (name) => {
    const ports = await world();
    const id = await losses[name]?.(ports);
    const job = await run(ports);
    expect(isGreen(job), `${job.status} ${JSON.stringify(job.validation)}`).toBe(false);
    expect(['backup_completed', 'backup_failed']).toContain(job.status);
    if (job.status === 'backup_failed') expect(job.error?.message).not.toBe('');
    if (job.status === 'backup_completed' && id !== undefined) {
      expect(JSON.stringify([job.summary?.failedFiles, job.validation?.issues])).toContain(id);
    }
  });
});
