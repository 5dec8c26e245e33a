/** Damages packages in every way that comes to mind: what is saved is intact, and nothing in it is new. */
import { readFile } from 'node:fs/promises';
import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { bufferSource, entityKinds, openVolume, type PackageSource, surveyPackage } from '../src/index.ts';
import { profile } from './arbitraries.ts';
import { editManifest, pack, rawZip, replaceEntry, unpack } from './packing.ts';
import { expectPartOf, linesOf, saved } from './repairing.ts';

/** A small profile with some of everything. */
const small = () => {
  const [found] = fc.sample(
    profile.filter(
      ({ rows, files }) =>
        rows.transactions.length > 3 && files.length > 1 && entityKinds.every((kind) => rows[kind].length > 0),
    ),
    { seed: 11, numRuns: 1 },
  );
  if (!found) throw new Error('no profile came');
  return found;
};

const whole = async () => {
  const { zip } = await pack(small());
  return { zip, lines: await linesOf(zip), entries: await unpack(zip) };
};

/** The same entries, stored, so that every row stands in the bytes as it is. */
const storedZip = (entries: Map<string, Buffer>): Buffer =>
  rawZip([...entries].map(([name, bytes]) => ({ name, bytes })));

const countOf = (lines: Record<string, string[]>): number =>
  entityKinds.reduce((sum, kind) => sum + (lines[kind]?.length ?? 0), 0);

/** Where something begins or ends, and what is next to it; elsewhere now and then. */
const places = (zip: Buffer, every: number): number[] => {
  const edges: number[] = [];
  for (let at = zip.indexOf('PK'); at !== -1; at = zip.indexOf('PK', at + 1)) edges.push(at);
  return [...Array(zip.length).keys()].filter(
    (at) => at % every === 0 || edges.some((edge) => at >= edge && at - edge < 18 && (at - edge) % 6 === 0),
  );
};

describe('a package of our writer', () => {
  test('that was cut gives back what stood before', async () => {
    const { zip, ...was } = await whole();
    let most = 0;
    for (const end of places(zip, 61)) {
      const found = await saved(zip.subarray(0, end));
      if (!found) continue;
      const rows = countOf(await expectPartOf(found.zip, was));
      expect(rows, `cut at ${end}`).toBeGreaterThanOrEqual(most);
      most = rows;
    }
    expect(most).toBe(countOf(was.lines));
  }, 60_000);

  test('of which a byte was changed gives back only what was', async () => {
    const { zip, ...was } = await whole();
    for (const at of places(zip, 61)) {
      const changed = Buffer.from(zip);
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      const found = await saved(changed);
      if (!found) throw new Error(`nothing of it was saved: byte ${at}`);
      await expectPartOf(found.zip, was);
    }
  }, 60_000);

  test('that has lost its directory gives back everything', async () => {
    const { zip, ...was } = await whole();
    const found = await saved(zip.subarray(0, zip.indexOf('PK\x01\x02')));
    expect(found?.lost).toEqual([]);
    expect(await linesOf(found?.zip as Buffer)).toEqual(was.lines);
    expect(found?.files).toBe(small().files.length);
  });

  test('with rubbish before it or zeros over its directory gives back everything', async () => {
    const { zip, ...was } = await whole();
    const zeros = Buffer.from(zip);
    zeros.fill(0, zip.indexOf('PK\x01\x02'));
    for (const damaged of [Buffer.concat([Buffer.from('rubbish'), zip]), zeros]) {
      const found = await saved(damaged);
      expect(found?.lost).toEqual([]);
      expect(await linesOf(found?.zip as Buffer)).toEqual(was.lines);
    }
  });

  test('whose manifest is broken gets one that makes nothing up', async () => {
    const { entries, lines } = await whole();
    const zip = storedZip(entries);
    zip.fill(0x20, zip.indexOf('"backup_timestamp"'), zip.indexOf('"user_id"'));
    const found = await saved(zip);
    expect(found?.lost).toEqual([expect.objectContaining({ what: 'entry', entry: 'manifest.json' })]);
    expect(found?.manifest).toMatchObject({ backup_timestamp: 'unknown', backup_type: 'unknown', job_id: '' });
    expect(await linesOf(found?.zip as Buffer)).toEqual(lines);
  });
});

test('every row that stands whole before a cut in a stored entry is there', async () => {
  const { lines, entries } = await whole();
  const zip = storedZip(entries);
  const ends = entityKinds.flatMap((kind) => lines[kind].map((line) => zip.indexOf(line) + Buffer.byteLength(line)));
  for (const end of places(zip, 97)) {
    const expected = ends.filter((lineEnd) => lineEnd <= end).length;
    const found = await saved(zip.subarray(0, end));
    const rows = found ? countOf(await expectPartOf(found.zip, { lines, entries })) : 0;
    expect(rows, `cut at ${end}`).toBe(expected);
  }
}, 60_000);

test('a package that ends in zeros instead of what was not downloaded is as good as one that was cut', async () => {
  const { zip, ...was } = await whole();
  for (const bytes of [zip, storedZip(was.entries)]) {
    const cut = bytes.subarray(0, bytes.indexOf('PK\x03\x04', bytes.indexOf('data/transactions.json')) - 30);
    const expected = await saved(cut);
    const found = await saved(Buffer.concat([cut, Buffer.alloc(100_000)]));
    expect(found?.counts).toEqual(expected?.counts);
    expect(found?.counts.transactions).toBeGreaterThan(0);
    await expectPartOf(found?.zip ?? cut, was);
  }
});

test('of a deflate stream that breaks in the middle, the rows before that are there if they are asked for', async () => {
  const profile = small();
  const [row] = profile.rows.transactions as [(typeof profile.rows.transactions)[number]];
  profile.rows.transactions = Array.from({ length: 2000 }, (_, index) => ({
    ...row,
    transactionId: `00000000-0000-4000-8000-${String(index * 7_919_381).padStart(12, '0')}`,
    description: String(Math.imul(index, 0x9e3779b1)),
  }));
  const { zip } = await pack(profile);
  const was = { lines: await linesOf(zip), entries: await unpack(zip) };
  const start = zip.indexOf('data/transactions.json');
  const middle = Math.floor((start + zip.indexOf('PK\x07\x08', start)) / 2);
  zip.fill(0xff, middle, middle + 40);
  expect((await saved(zip))?.counts.transactions).toBe(0);
  const found = await saved(zip, { unproven: true });
  expect(found?.counts.transactions).toBeGreaterThan(800);
  const lines = await linesOf(found?.zip ?? zip);
  // What comes right before the place may be wrong already: that is why they are called unproven.
  expect(lines.transactions.slice(0, 800)).toEqual(was.lines.transactions.slice(0, 800));
});

describe('one damaged entry', () => {
  const damaged = async (name: string) => {
    const { entries, lines } = await whole();
    const zip = storedZip(entries);
    const at = zip.indexOf(entries.get(name) as Buffer);
    return { zip, lines, entries, at };
  };

  test('of a file costs that file alone, and the manifest says so', async () => {
    const { entries } = await whole();
    const name = [...entries].find(([name, bytes]) => name.startsWith('files/') && bytes.length > 0)?.[0] as string;
    const { zip, at, lines } = await damaged(name);
    zip[at] = (zip[at] as number) ^ 0xff;
    const found = await saved(zip);
    const fileId = name.split('/')[1];
    expect(found?.lost).toEqual([expect.objectContaining({ what: 'file', entry: name, fileId })]);
    expect(found?.manifest.failed_files).toContainEqual(expect.objectContaining({ fileId }));
    expect(await linesOf(found?.zip as Buffer)).toEqual(lines);
  });

  test('of rows costs its rows, which are counted, and what refers to them is stated', async () => {
    const { zip, at, lines } = await damaged('data/accounts.json');
    const digit = zip.indexOf('"createdAt":', at) + 12;
    zip[digit] = zip[digit] === 0x31 ? 0x32 : 0x31;
    const found = await saved(zip);
    const stated = lines.accounts.length;
    expect(found?.lost).toEqual([
      expect.objectContaining({ what: 'rows', kind: 'accounts', kept: 0, stated, lost: stated }),
    ]);
    expect(found?.manifest.known_defects).toContainEqual(
      expect.objectContaining({ kind: 'transactions', field: 'accountId' }),
    );
    expect(found?.check.warnings).toContainEqual(
      expect.objectContaining({ code: 'REPAIRED', message: expect.stringContaining(`lost are ${stated} accounts`) }),
    );
  });

  test('gives its rows if unproven ones are asked for, and the manifest states how many', async () => {
    const { zip, at, lines, entries } = await damaged('data/transactions.json');
    const brace = zip.indexOf('\n', at + 20) + 1;
    zip[brace] = 0x21;
    expect((await saved(zip))?.counts.transactions).toBe(0);
    const found = await saved(zip, { unproven: true });
    const kept = lines.transactions.length - 1;
    expect(found?.counts.transactions).toBe(kept);
    expect(found?.manifest.repaired).toMatchObject({ unproven: kept, lost: { transactions: 1 } });
    expect(found?.lost).toContainEqual(expect.objectContaining({ what: 'row', kind: 'transactions', number: 2 }));
    await expectPartOf(found?.zip as Buffer, { lines, entries });
  });

  test('whose CRC is wrong but whose sha256 is right is intact', async () => {
    const { entries, lines } = await whole();
    const zip = rawZip(
      [...entries].map(([name, bytes]) => ({ name, bytes, ...(name === 'data/transactions.json' && { crc: 7 }) })),
    );
    const found = await saved(zip);
    expect(found?.lost).toEqual([]);
    expect(await linesOf(found?.zip as Buffer)).toEqual(lines);
  });

  test('whose CRC is right but whose sha256 is wrong is proven by nothing', async () => {
    const { entries, lines } = await whole();
    const changed = String(entries.get('data/accounts.json')).replace('"createdAt":', '"createdAt":1');
    const zip = storedZip(new Map([...entries, ['data/accounts.json', Buffer.from(changed)]]));
    const found = await saved(zip);
    expect(found?.counts.accounts).toBe(0);
    expect(found?.counts.transactions).toBe(lines.transactions.length);
  });

  test('of transaction files costs the files as well, each named', async () => {
    const { zip, at, entries } = await damaged('data/transaction_files.json');
    zip[at] = 0;
    const found = await saved(zip);
    const names = [...entries.keys()].filter((name) => name.startsWith('files/'));
    expect(found?.files).toBe(0);
    expect(found?.lost.flatMap((loss) => (loss.what === 'file' ? [loss.entry] : []))).toEqual(names);
  });
});

test('rows that cannot stand in a package are dropped one by one, by number and id', async () => {
  const { entries, lines } = await whole();
  const [first, second, ...more] = lines.transactions as [string, string, ...string[]];
  const unwritable = second.replace(/"date":\d+/, '"date":"today"');
  const text = `{"transactions":[\n${[first, first, 'no row', unwritable, ...more].join(',\n')}\n]}\n`;
  replaceEntry(entries, 'data/transactions.json', text);
  const found = await saved(storedZip(entries));
  expect(found?.counts.transactions).toBe(lines.transactions.length - 1);
  expect(found?.lost.filter(({ what }) => what === 'row')).toMatchObject([
    { number: 2, id: JSON.parse(first).transactionId, reason: 'a second row of this id' },
    { number: 3, reason: 'is no JSON object' },
    { number: 4, id: JSON.parse(second).transactionId, reason: expect.stringContaining('date is a key') },
  ]);
});

describe('what looks like an entry and is none', () => {
  test('within a stored file stays within it', async () => {
    const inner = small();
    const nested = (await pack(inner)).zip;
    const outer = small();
    const [file] = outer.files as [(typeof outer.files)[number]];
    file.fileName = 'inner.zip';
    for (const row of outer.rows.transaction_files) if (row.fileId === file.fileId) row.fileName = 'inner.zip';
    file.bytes = nested;
    const [transaction] = outer.rows.transactions as [(typeof outer.rows.transactions)[number]];
    transaction.description = 'of the outer one';
    for (const asStreams of [false, true]) {
      const { zip } = await pack(outer, { asStreams });
      const lines = await linesOf(zip);
      const found = await saved(zip.subarray(0, zip.lastIndexOf('PK\x05\x06')));
      expect(found?.lost).toEqual([]);
      expect(await linesOf(found?.zip as Buffer)).toEqual(lines);
      // Cut within the nested one, all that came before is there and nothing of it.
      const cut = await saved(zip.subarray(0, zip.indexOf(nested) + nested.length - 30));
      expect(await linesOf(cut?.zip as Buffer)).toEqual(lines);
      expect(cut?.lost).toContainEqual(expect.objectContaining({ what: 'file', fileId: file.fileId }));
    }
  });

  test('has no place in the layout and is told', async () => {
    const { entries } = await whole();
    const all = new Map([...entries, ['data/more.json', Buffer.from('{}')]]);
    const found = await saved(storedZip(all));
    expect(found?.lost).toEqual([
      { what: 'entry', entry: 'data/more.json', reason: 'no place in the layout of packages' },
    ]);
  });

  test.each([
    ['signatures', Buffer.from('PK\x03\x04').toString('latin1')],
    ['headers of stored entries that never end', headerText(0)],
    ['headers of deflated entries that never end', headerText(8)],
  ])('is looked at within a share of bytes: %s', async (_, text) => {
    const bytes = Buffer.alloc(2 ** 18, text, 'latin1');
    let read = 0;
    const counting = (source: PackageSource): PackageSource => ({
      ...source,
      read: async (start, length) => {
        const found = await source.read(start, length);
        read += found.length;
        return found;
      },
    });
    const surveyed = await surveyPackage(counting(bufferSource(bytes))).catch((error: unknown) => error);
    if (surveyed instanceof Error) expect(surveyed.message).toContain('no entry of a package');
    else expect(surveyed).toMatchObject({ manifest: undefined, files: new Map() });
    // Four for the search and the least that it may read, two for the directory, what is left for looking into what was found.
    expect(read).toBeLessThan(7 * bytes.length + 2 ** 20);
  });
});

/** A local header of a streamed data entry, which stands again in what would be its bytes. */
function headerText(method: number): string {
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04\x14\x00\x08\x08', 'latin1');
  header.writeUInt16LE(method, 8);
  const name = 'data/accounts.json';
  header.writeUInt16LE(name.length, 26);
  return `${header.toString('latin1')}${name}`;
}

describe('a volume of a set', () => {
  const set = { number: 2, count: 3, set_id: 'set-9', set_summary: { transactions_count: 900 } };

  test('stays a volume of that set, with its files, whose rows stand elsewhere', async () => {
    const { entries, lines } = await whole();
    for (const kind of ['accounts', 'categories', 'file_maps', 'transaction_files'])
      entries.delete(`data/${kind}.json`);
    editManifest(entries, (manifest) => {
      const names = [...entries.keys()];
      manifest.checksums = Object.fromEntries(
        Object.entries(manifest.checksums).filter(([name]) => names.includes(name)),
      );
      Object.assign(manifest, { volume: set, data_summary: { transactions_count: lines.transactions.length } });
    });
    const zip = storedZip(entries);
    const found = await saved(Buffer.concat([zip.subarray(0, zip.length - 30), Buffer.alloc(8)]));
    expect(found?.lost).toEqual([]);
    expect(found?.manifest.volume).toEqual(set);
    expect(found?.files).toBe(small().files.length);
    expect((await linesOf(found?.zip ?? Buffer.alloc(0))).transactions).toEqual(lines.transactions);
  });

  test('but the first has no rows of the small kinds: they are told as lost', async () => {
    const { entries, lines } = await whole();
    editManifest(entries, (manifest) => {
      Object.assign(manifest, { volume: set });
    });
    const found = await saved(storedZip(entries));
    expect(found?.counts).toMatchObject({ accounts: 0, transactions: lines.transactions.length });
    expect(found?.lost).toContainEqual({
      what: 'rows',
      entry: 'data/accounts.json',
      kind: 'accounts',
      kept: 0,
      stated: lines.accounts.length,
      lost: lines.accounts.length,
      reason: 'these rows may stand in volume 1 alone',
    });
  });
});

test('what was repaired says so, and a second repair keeps what the first one said', async () => {
  const { zip } = await whole();
  const first = await saved(zip.subarray(0, zip.indexOf('data/transactions.json') + 200));
  const volume = await openVolume(bufferSource(first?.zip as Buffer));
  expect(volume.notes.map(({ code }) => code)).toContain('REPAIRED');
  const second = await saved(Buffer.from(first?.zip ?? []).subarray(0, -40));
  expect(second?.manifest.repaired).toMatchObject({ before: first?.manifest.repaired });
});

describe.each(['real-with-files', 'real-small-nofiles', 'specified-format'])('%s of HouseF3', (name) => {
  const read = () => readFile(new URL(`../../../test/compat/housef3/${name}.fzip`, import.meta.url));

  test('gives back all rows and files without its directory', async () => {
    const zip = await read();
    const found = await saved(zip.subarray(0, zip.indexOf('PK\x01\x02')));
    const lines = await linesOf(zip);
    expect(countOf(await linesOf(found?.zip as Buffer))).toBe(countOf(lines));
    expect(found?.manifest.package_format).toBe('fzip');
  });

  test('gives back only what was, wherever it is cut', async () => {
    const zip = await read();
    const undamaged = await saved(zip);
    const was = { lines: await linesOf(undamaged?.zip as Buffer), entries: await unpack(undamaged?.zip as Buffer) };
    for (let end = 40; end < zip.length; end += 97) {
      const found = await saved(zip.subarray(0, end));
      if (found) await expectPartOf(found.zip, was);
    }
  }, 60_000);
});
