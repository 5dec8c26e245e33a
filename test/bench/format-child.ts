/** One measurement of `npm run bench -- format` in a process of its own: `format-child.ts NAME JSON`, told by IPC. */
import { readdir } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import {
  checkVolume,
  ExactNumber,
  type Finding,
  fileSource,
  httpSource,
  openVolume,
  PackageRefused,
  type PackageSource,
  previewPackage,
  type Row,
  writeVolume,
} from '@fzip/format';
import { filesOf, manifestOf } from '../../packages/format/test/packing.ts';
import { writeBomb, writeLargeFile, writeManyBytes, writeManyEntries } from './format/archives.ts';
import { bareRead, bareWrite } from './format/bare.ts';
import { type Figures, measured } from './format/figures.ts';
import { linesOf, rowPool, writePackage } from './format/sample-rows.ts';

const startBytes = process.memoryUsage.rss();
const inRangeOf = (work: Parameters<typeof measured>[1]): Promise<Figures> => measured(startBytes, work);

/** Counts what it is given and keeps nothing. */
const nullSink = (): { sink: Writable; bytes(): number } => {
  let bytes = 0;
  const sink = new Writable({
    highWaterMark: 256 * 1024,
    write(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length;
      callback();
    },
  });
  return { sink, bytes: () => bytes };
};

const repeated = function* <T>(pool: readonly T[], count: number): Generator<T> {
  for (let index = 0; index < count; index += 1) yield pool[index % pool.length] as T;
};

/** What `JSON.stringify` needs to spell the same bytes: keys in their order, long numbers as they are. */
const plain = (value: unknown): unknown => {
  // TypeScript's library does not know it yet; Node has it since 21.
  if (value instanceof ExactNumber) return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, plain((value as Row)[key])]),
  );
};

/** A source that counts what is asked of it. */
const counting = (source: PackageSource): { source: PackageSource; asked: { requests: number; bytesRead: number } } => {
  const asked = { requests: 0, bytesRead: 0 };
  const count = (bytes: number): void => {
    asked.requests += 1;
    asked.bytesRead += bytes;
  };
  return {
    asked,
    source: {
      size: source.size,
      read: async (start, length) => {
        const bytes = await source.read(start, length);
        count(bytes.length);
        return bytes;
      },
      stream: (start, end) => {
        count(end - start);
        return source.stream(start, end);
      },
    },
  };
};

/** Opens and checks. What it was refused with, or the first error, else nothing. */
const verdictOf = async (path: string): Promise<Finding | undefined> => {
  const source = await fileSource(path);
  try {
    return (await checkVolume(await openVolume(source))).errors[0];
  } catch (error) {
    if (error instanceof PackageRefused) return { code: error.code, message: error.message };
    throw error;
  } finally {
    await source.close();
  }
};

const sha256Of = (checksum: string | undefined): string | undefined => checksum?.replace('sha256:', '');

const works = {
  'make package': ({ path, rows }: { path: string; rows: number }) =>
    inRangeOf(async () => {
      await writePackage(path, rows);
      return {};
    }),

  'make large file': ({ path, bytes }: { path: string; bytes: number }) =>
    inRangeOf(async () => {
      await writeLargeFile(path, bytes);
      return {};
    }),

  'make many bytes': ({ path, bytes }: { path: string; bytes: number }) =>
    inRangeOf(async () => {
      await writeManyBytes(path, bytes);
      return {};
    }),

  'make entries': ({ path, entries, overlap }: { path: string; entries: number; overlap: boolean }) =>
    inRangeOf(async () => ({ entries: await writeManyEntries(path, entries, overlap) })),

  'make bomb': ({ path, bytes }: { path: string; bytes: number }) =>
    inRangeOf(async () => ({ entries: await writeBomb(path, bytes) })),

  write: ({ rows }: { rows: number }) => {
    const pool = rowPool();
    const { sink, bytes } = nullSink();
    return inRangeOf(async () => {
      const { checksums, dataBytes } = await writeVolume({
        sink,
        data: [{ kind: 'transactions', lines: linesOf(repeated(pool, rows)) }],
        files: filesOf([]),
        manifest: (soFar) => manifestOf(soFar),
      });
      return { sha256: sha256Of(checksums['data/transactions.json']), bytes: dataBytes, packedBytes: bytes() };
    });
  },

  'bare write': ({ rows }: { rows: number }) => {
    const pool = rowPool().map(plain);
    const { sink, bytes } = nullSink();
    return inRangeOf(async () => {
      const { sha256 } = await bareWrite(repeated(pool, rows), 'transactions', sink);
      return { sha256, packedBytes: bytes() };
    });
  },

  /** Rows are handed on as lines that were judged; `made` asks for each as an object, too. */
  check: ({ path, made = false }: { path: string; made?: boolean }) =>
    inRangeOf(async () => {
      const source = await fileSource(path);
      let transactions = 0;
      const volume = await openVolume(source);
      const { intact, files, errors } = await checkVolume(volume, {
        onRow: (kind, read) => {
          if (kind === 'transactions' && (!made || read.row.userId !== undefined)) transactions += 1;
        },
      });
      await source.close();
      const bytes = volume.entries.reduce((sum, { size }) => sum + size, 0);
      const sha256 = volume.checksums.get('data/transactions.json');
      return { intact, error: errors[0]?.message, rows: transactions, bytes, fileBytes: files.bytes, sha256 };
    }),

  'bare check': async ({ path }: { path: string }) => {
    const source = await fileSource(path);
    const entry = (await openVolume(source)).data.get('transactions');
    if (!entry) throw new Error(`${path} has no transactions`);
    const header = await source.read(entry.offset, 30);
    const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    await source.close();
    return inRangeOf(async () => {
      let rows = 0;
      const place = { path, start, end: start + entry.compressedSize };
      const { sha256 } = await bareRead(place, () => {
        rows += 1;
      });
      return { rows, sha256 };
    });
  },

  open: ({ path }: { path: string }) =>
    inRangeOf(async () => {
      const file = await fileSource(path);
      const { source, asked } = counting(file);
      const { entries } = await openVolume(source);
      await file.close();
      return { ...asked, size: file.size, entries: entries.length };
    }),

  refuse: ({ path }: { path: string }) =>
    inRangeOf(async () => {
      const verdict = await verdictOf(path);
      return { code: verdict?.code, message: verdict?.message };
    }),

  /** Every file of a folder; says which took longest and which is largest. */
  corpus: ({ folder, suffixes }: { folder: string; suffixes: string[] }) =>
    inRangeOf(async () => {
      const names = (await readdir(folder)).filter((name) => suffixes.some((suffix) => name.endsWith(suffix)));
      let slowest = { name: '', seconds: 0 };
      let largest = { name: '', bytes: 0 };
      let accepted = 0;
      for (const name of names) {
        const cpu = process.cpuUsage();
        const verdict = await verdictOf(join(folder, name));
        const { user, system } = process.cpuUsage(cpu);
        const seconds = (user + system) / 1e6;
        const { size: bytes, close } = await fileSource(join(folder, name));
        await close();
        if (!verdict) accepted += 1;
        if (seconds > slowest.seconds) slowest = { name, seconds };
        if (bytes > largest.bytes) largest = { name, bytes };
      }
      return {
        packages: names.length,
        accepted,
        slowest: slowest.name,
        slowestSeconds: slowest.seconds,
        largest: largest.name,
        largestBytes: largest.bytes,
      };
    }),

  preview: ({ url }: { url: string }) =>
    inRangeOf(async () => {
      const { counts, transactionsRead } = await previewPackage([await openVolume(await httpSource(url))]);
      return { rows: counts.transactions, transactionsRead };
    }),
};

export type Work = keyof typeof works;

setPriority(constants.priority.PRIORITY_LOW);
const [name = '', json = '{}'] = process.argv.slice(2);
if (!Object.hasOwn(works, name))
  throw new Error(`"${name}" is no measurement; there are ${Object.keys(works).join(', ')}`);
// Each takes what its caller, format.ts, gives it.
const work = works[name as Work] as (options: unknown) => Promise<Figures>;
const figures = await work(JSON.parse(json));
// Run by hand, to be profiled, it has nobody to tell.
if (process.send) process.send(figures);
else console.log(JSON.stringify(figures));
process.disconnect?.();
