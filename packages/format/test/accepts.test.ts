/** Each file of `accepts/` is intact, with exactly the expected rows and warnings, read from a file, from a buffer, a few bytes at a time and by ranges of a URL. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  bufferSource,
  checkVolume,
  type EntityKind,
  fileSource,
  httpSource,
  openVolume,
  type PackageSource,
  type Row,
} from '../src/index.ts';
import { accepted } from './corpus.ts';
import type { Accepted } from './corpus-accepted.ts';
import { dribbling } from './dribbling.ts';
import { largestEntry, mostEntries } from './huge.ts';
import { openRangeServer } from './range-server.ts';

const folder = fileURLToPath(new URL('./accepts/', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.fzip'));
const usual = { accounts: 1, categories: 1, file_maps: 0, transaction_files: 1, transactions: 1, analytics: 0 };

let made: Map<string, Accepted>;
beforeAll(async () => {
  made = await accepted();
});

describe('the corpus of accepted packages', () => {
  test('is what its script makes', async () => {
    expect([...made.keys()].sort()).toEqual(names.toSorted());
    for (const [name, { zip }] of made) expect(zip.equals(await readFile(`${folder}${name}`)), name).toBe(true);
  });
});

/** What the reader makes of a package: the verdict, and the first row of each kind that is asked for. */
const readingOf = async (source: PackageSource, kinds: EntityKind[]) => {
  const volume = await openVolume(source);
  const { errors, warnings, counts } = await checkVolume(volume);
  const first: Partial<Record<EntityKind, Row>> = {};
  for (const kind of kinds) {
    for await (const { row } of volume.rows(kind)) first[kind] ??= row;
  }
  return { errors, counts, warnings: warnings.map(({ code }) => code).sort(), first };
};

test.each(names)('%s', async (name) => {
  const { counts, warnings = [], holds = {} } = made.get(name) as Accepted;
  const bytes = await readFile(`${folder}${name}`);
  const file = await fileSource(`${folder}${name}`);
  const { server, close } = await openRangeServer(bytes);
  try {
    const sources = [file, bufferSource(bytes), dribbling(bytes), await httpSource(`${server.origin}/x.fzip`)];
    for (const source of sources) {
      const { first, ...found } = await readingOf(source, Object.keys(holds) as EntityKind[]);
      expect(found).toEqual({ errors: [], counts: { ...usual, ...counts }, warnings: warnings.toSorted() });
      expect(first).toMatchObject(holds);
    }
  } finally {
    close();
    await file.close();
  }
});

/** Tens of thousands of streams, gigabytes of zeros: seconds on an idle machine. */
const longMs = 180_000;

describe('accepted without zip64', () => {
  test(
    'are 65 535 entries',
    async () => {
      const { zip, files } = mostEntries();
      const { errors, warnings, counts } = await checkVolume(await openVolume(bufferSource(zip)));
      expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
      expect(counts).toEqual({ ...usual, transaction_files: files });
    },
    longMs,
  );

  test(
    'is an entry of 0xFFFFFFFF bytes',
    async () => {
      const { errors, warnings, files } = await checkVolume(await openVolume(largestEntry()));
      expect({ errors, codes: warnings.map(({ code }) => code) }).toEqual({ errors: [], codes: ['MISSING_CHECKSUM'] });
      expect(files).toMatchObject({ present: 1, bytes: 0xffffffff });
    },
    longMs,
  );
});
