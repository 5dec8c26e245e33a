import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { bufferSource, formatRow, openVolume, parseRow, type Row } from '../src/index.ts';
import { type Profile, profile } from './arbitraries.ts';
import { check, codesOf, editManifest, pack, type RawEntry, rawZip, repack, replaceEntry, unpack } from './packing.ts';

let whole: Profile;
let zip: Buffer;
let entries: Map<string, Buffer>;

beforeAll(async () => {
  const rich = profile.filter(
    ({ rows, files }) => rows.transactions.length > 3 && rows.accounts.length > 1 && files.length > 0,
  );
  const [found] = fc.sample(rich, { numRuns: 1, seed: 11 }) as [Profile];
  const files = found.files.map((file) => ({ ...file, bytes: Buffer.from('date,amount\n'.repeat(20)) }));
  whole = { ...found, files };
  zip = (await pack(whole)).zip;
  entries = await unpack(zip);
});

const copy = (): Map<string, Buffer> => new Map(entries);
const fileName = (): string => [...entries.keys()].find((name) => name.startsWith('files/')) as string;
const raw = (change: (entry: RawEntry) => RawEntry = (entry) => entry): Buffer =>
  rawZip([...entries].map(([name, bytes]) => change({ name, bytes })));

/** Changes the first transaction, stating the right checksum. */
const withTransaction = (change: (row: Row) => Row): Buffer => {
  const changed = copy();
  const [first, ...rest] = whole.rows.transactions as [Row, ...Row[]];
  const lines = [change(first), ...rest].map(formatRow).join(',\n');
  replaceEntry(changed, 'data/transactions.json', `{"transactions":[\n${lines}\n]}\n`);
  return repack(changed);
};

describe('a package taken apart and put together again', () => {
  test('is intact, deflated or stored', async () => {
    expect(await codesOf(repack(entries))).toEqual([]);
    expect(await codesOf(raw())).toEqual([]);
  });
});

describe('damaged bytes', () => {
  test('of any entry are found where they are', async () => {
    const { entries: listed } = await openVolume(bufferSource(zip));
    for (const { name, offset, end, compressedSize } of listed) {
      if (compressedSize === 0) continue;
      const damaged = Buffer.from(zip);
      // In the middle of the entry's own bytes, past its header.
      const at = offset + 30 + Buffer.byteLength(name) + Math.floor(compressedSize / 2);
      damaged[at] = (damaged[at] ?? 0) ^ 0x40;
      expect(at).toBeLessThan(end);
      // A changed deflate stream breaks, gives other bytes or another number of them.
      expect((await codesOf(damaged))[0], name).toMatch(/^(BAD_CRC|BAD_COMPRESSION|SIZE_MISMATCH)$/);
    }
  });

  test('of a stored entry differ from its CRC', async () => {
    const damaged = raw(({ name, bytes }) => ({ name, bytes }));
    const at = damaged.indexOf('{"transactions":[') + 40;
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    expect(await codesOf(damaged)).toContain('BAD_CRC');
  });

  test('under a right CRC differ from the checksum', async () => {
    const changed = copy();
    changed.set(fileName(), Buffer.from('other bytes'));
    expect(await codesOf(repack(changed))).toEqual(['BAD_CHECKSUM']);
  });

  test('anywhere never pass for intact content', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const damaged = Buffer.from(zip);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        if ((await codesOf(damaged)).length > 0) return;
        // A flipped time stamp or attribute may pass: nothing is read from it.
        expect(await unpack(damaged)).toEqual(entries);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a truncated package', () => {
  test('is refused wherever it ends', async () => {
    for (const share of [0.02, 0.3, 0.6, 0.9, 0.99]) {
      expect(await codesOf(zip.subarray(0, Math.floor(zip.length * share))), String(share)).toEqual(['TRUNCATED']);
    }
    expect((await codesOf(zip.subarray(0, zip.length - 1)))[0]).toBe('TRUNCATED');
  });

  test('or none at all is no ZIP', async () => {
    expect(await codesOf(Buffer.alloc(0))).toEqual(['NOT_A_ZIP']);
    expect(await codesOf(Buffer.from('{"accounts":[]}'))).toEqual(['NOT_A_ZIP']);
  });

  test('with bytes before or after it is refused', async () => {
    expect(await codesOf(Buffer.concat([zip, Buffer.from('x')]))).toEqual(['BAD_END_RECORD']);
    expect((await codesOf(Buffer.concat([Buffer.from('x'), zip])))[0]).toBe('BAD_END_RECORD');
  });
});

describe('entries', () => {
  test.each(['data/accounts.json', 'data/transactions.json', 'data/file_maps.json'])(
    'without %s lack it',
    async (name) => {
      const changed = copy();
      changed.delete(name);
      expect(await codesOf(repack(changed))).toContain('MISSING_ENTRY');
    },
  );

  test('without a file lack it', async () => {
    const changed = copy();
    changed.delete(fileName());
    expect(await codesOf(repack(changed))).toEqual(['MISSING_ENTRY', 'MISSING_ENTRY']);
  });

  test('without a manifest are refused', async () => {
    const changed = copy();
    changed.delete('manifest.json');
    expect(await codesOf(repack(changed))).toEqual(['MISSING_ENTRY']);
  });

  test.each([
    ['data/extra.json', 'UNKNOWN_ENTRY'],
    ['readme.txt', 'UNKNOWN_ENTRY'],
    ['__MACOSX/data/accounts.json', 'UNKNOWN_ENTRY'],
    ['files/../../etc/passwd', 'BAD_ENTRY_NAME'],
    ['/data/accounts.json', 'BAD_ENTRY_NAME'],
    ['C:/data/accounts.json', 'BAD_ENTRY_NAME'],
    ['files\\a\\b', 'BAD_ENTRY_NAME'],
    ['files/a/b/c.csv', 'BAD_ENTRY_NAME'],
    ['files//b', 'BAD_ENTRY_NAME'],
    ['files/a/x\u0000', 'BAD_ENTRY_NAME'],
    [`files/a/${'x'.repeat(1100)}`, 'BAD_ENTRY_NAME'],
    ['DATA/ACCOUNTS.JSON', 'UNKNOWN_ENTRY'],
  ])('named %j are refused', async (name, code) => {
    expect(await codesOf(repack(copy().set(name, Buffer.from('x'))))).toEqual([code]);
  });

  test('that no row owns are found', async () => {
    const name = 'files/11111111-1111-4111-8111-111111111111/orphan.csv';
    expect(await codesOf(repack(copy().set(name, Buffer.from('x'))))).toEqual(['UNKNOWN_ENTRY']);
  });

  test('that stand twice are refused, also by case, by Unicode form and for one file', async () => {
    const [id] = fileName().split('/').slice(1);
    const twice = (a: string, b: string): Buffer =>
      rawZip([
        ...[...entries].filter(([name]) => !name.startsWith(`files/${id}`)).map(([name, bytes]) => ({ name, bytes })),
        { name: a, bytes: Buffer.from('a') },
        { name: b, bytes: Buffer.from('b') },
      ]);
    for (const [a, b] of [
      ['x.csv', 'x.csv'],
      ['x.csv', 'X.CSV'],
      ['é', 'e\u0301'],
      ['one.csv', 'two.csv'],
    ]) {
      expect(await codesOf(twice(`files/${id}/${a}`, `files/${id}/${b}`))).toEqual(['DUPLICATE_ENTRY']);
    }
  });

  test('may be empty folders of the layout, with a warning', async () => {
    const { errors, warnings } = await check(
      repack(copy().set('data/', Buffer.alloc(0)).set('files/', Buffer.alloc(0))),
    );
    expect(errors).toEqual([]);
    expect(warnings.filter(({ code }) => code === 'NOT_READ')).toHaveLength(2);
  });

  test('by methods that packages do not have, or encrypted, are refused', async () => {
    expect(await codesOf(raw((entry) => ({ ...entry, method: 12 })))).toEqual(['UNSUPPORTED_METHOD']);
    expect(await codesOf(raw((entry) => ({ ...entry, flags: 0x801 })))).toEqual(['ENCRYPTED']);
  });

  test('whose sizes lie either way are refused', async () => {
    const lie = (by: number): Buffer =>
      raw((entry) =>
        entry.name === 'data/accounts.json' ? { ...entry, deflate: true, size: entry.bytes.length + by } : entry,
      );
    expect(await codesOf(lie(1))).toContain('SIZE_MISMATCH');
    expect(await codesOf(lie(-1))).toContain('SIZE_MISMATCH');
  });

  test('with bytes after the end of their deflate stream are refused', async () => {
    const hidden = raw((entry) =>
      entry.name === 'data/accounts.json' ? { ...entry, deflate: true, tail: Buffer.alloc(70_000, 7) } : entry,
    );
    expect(await codesOf(hidden)).toContain('BAD_COMPRESSION');
  });

  test('named otherwise in the local header are refused', async () => {
    const renamed = raw((entry) =>
      entry.name === 'data/accounts.json' ? { ...entry, localName: 'data/accountz.json' } : entry,
    );
    expect(await codesOf(renamed)).toContain('LOCAL_HEADER_DIFFERS');
  });

  test('with names that are neither ASCII nor flagged UTF-8 are refused', async () => {
    const unflagged = rawZip([...raws(), { name: 'files/a/é.csv', bytes: Buffer.from('x'), flags: 0 }]);
    expect(await codesOf(unflagged)).toEqual(['BAD_ENTRY_NAME']);
  });
});

const raws = (): RawEntry[] => [...entries].map(([name, bytes]) => ({ name, bytes }));

describe('a manifest', () => {
  const edited = (edit: Parameters<typeof editManifest>[1]): Buffer => {
    const changed = copy();
    editManifest(changed, edit);
    return repack(changed);
  };

  test('that counts other than the data is found out, for every kind', async () => {
    for (const key of ['accounts_count', 'transactions_count', 'file_maps_count', 'analytics_count']) {
      const lying = edited(({ data_summary }) => {
        data_summary[key] = 999;
      });
      expect(await codesOf(lying), key).toEqual(['COUNT_MISMATCH']);
    }
  });

  test('without a count is warned of', async () => {
    const { errors, warnings } = await check(edited(({ data_summary }) => void delete data_summary.accounts_count));
    expect(errors).toEqual([]);
    expect(warnings.map(({ code }) => code)).toContain('COUNT_MISMATCH');
  });

  test('that lies about a checksum is found out', async () => {
    const lying = edited(({ checksums }) => {
      checksums['data/accounts.json'] = `sha256:${'0'.repeat(64)}`;
    });
    expect(await codesOf(lying)).toEqual(['BAD_CHECKSUM']);
  });

  test('may spell checksums in upper case and without data/', async () => {
    const spelled = edited((manifest) => {
      manifest.checksums = Object.fromEntries(
        Object.entries(manifest.checksums).map(([name, sum]) => [
          name.replace(/^data\//, ''),
          `sha256:${sum.slice(7).toUpperCase()}`,
        ]),
      );
    });
    expect(await codesOf(spelled)).toEqual([]);
  });

  test('must list every data file', async () => {
    expect(await codesOf(edited(({ checksums }) => void delete checksums['data/accounts.json']))).toEqual([
      'MISSING_CHECKSUM',
    ]);
  });

  test('that lists what is not there is found out', async () => {
    const lying = edited(({ checksums }) => {
      checksums['files/x/y.csv'] = `sha256:${'0'.repeat(64)}`;
    });
    expect(await codesOf(lying)).toEqual(['MISSING_ENTRY']);
  });

  test.each([
    ['"2.0"', 'UNSUPPORTED_VERSION'],
    ['1', 'BAD_MANIFEST'],
    ['"one"', 'BAD_MANIFEST'],
  ])('of version %s is refused', async (version, code) => {
    const other = edited((manifest) => {
      manifest.backup_format_version = JSON.parse(version) as string;
    });
    expect(await codesOf(other)).toEqual([code]);
  });

  test('of a newer minor version is read with a warning, its unknown keys kept', async () => {
    const newer = edited((manifest) => {
      manifest.backup_format_version = '1.7';
      manifest.future = { kept: true };
    });
    const volume = await openVolume(bufferSource(newer));
    expect(volume.warnings).toEqual(['version 1.7 is newer than 1.0']);
    expect(volume.manifest.future).toEqual({ kept: true });
    expect(await codesOf(newer)).toEqual([]);
  });

  test('that is no JSON object, has counts as text or another format is refused', async () => {
    expect(await codesOf(repack(copy().set('manifest.json', Buffer.from('[]'))))).toEqual(['BAD_MANIFEST']);
    expect(await codesOf(repack(copy().set('manifest.json', Buffer.from([0xff, 0xfe]))))).toEqual(['BAD_MANIFEST']);
    const textual = edited(({ data_summary }) => void Object.assign(data_summary, { accounts_count: '2' }));
    expect(await codesOf(textual)).toEqual(['BAD_MANIFEST']);
    expect(await codesOf(edited((manifest) => void Object.assign(manifest, { package_format: 'json' })))).toEqual([
      'BAD_MANIFEST',
    ]);
  });
});

describe('rows', () => {
  test('that refer to nothing are found unless the manifest says so', async () => {
    const missing = '99999999-9999-4999-8999-999999999999';
    const dangling = (row: Row): Row => ({ ...row, accountId: missing });
    expect(await codesOf(withTransaction(dangling))).toEqual(['DANGLING_REFERENCE']);

    const declared = await unpack(withTransaction(dangling));
    const state = async (rows: number) => {
      editManifest(declared, (manifest) => {
        manifest.known_defects = [{ kind: 'transactions', field: 'accountId', missing, rows }];
      });
      return check(repack(declared));
    };
    expect(await state(1)).toMatchObject({ intact: true, errors: [] });
    expect((await state(1)).warnings.map(({ code }) => code)).toContain('DANGLING_REFERENCE');
    expect(await state(5)).toMatchObject({ intact: true });
    expect((await state(0)).errors.map(({ code }) => code)).toEqual(['BAD_STATEMENT']);
  });

  test('of small kinds may refer to kinds that come later, and not to nothing', async () => {
    const changed = copy();
    const [first, ...rest] = whole.rows.accounts as [Row, ...Row[]];
    const lines = [{ ...first, defaultFileMapId: '99999999-9999-4999-8999-999999999999' }, ...rest].map(formatRow);
    replaceEntry(changed, 'data/accounts.json', `{"accounts":[\n${lines.join(',\n')}\n]}\n`);
    expect(await codesOf(repack(changed))).toEqual(['DANGLING_REFERENCE']);
  });

  test('with odd values are found unless the manifest says so', async () => {
    const odd = (row: Row): Row => ({ ...row, currency: 'XXX', date: -1 });
    expect(await codesOf(withTransaction(odd))).toEqual(['BAD_ROW', 'BAD_ROW']);
    const declared = await unpack(withTransaction(odd));
    editManifest(declared, (manifest) => {
      manifest.known_defects = [
        { kind: 'transactions', field: 'currency', problem: 'enum', rows: 1 },
        { kind: 'transactions', field: 'date', problem: 'range', rows: 1 },
      ];
    });
    expect(await codesOf(repack(declared))).toEqual([]);
  });

  test('without an id, or with the id of another, are found', async () => {
    const other = whole.rows.transactions[1]?.transactionId ?? null;
    expect(await codesOf(withTransaction((row) => ({ ...row, transactionId: other })))).toEqual(['DUPLICATE_ID']);
    const nameless = ({ transactionId, ...row }: Row): Row => row;
    expect(await codesOf(withTransaction(nameless))).toEqual(['BAD_ROW']);
  });

  test('of files without bytes must be stated as failed', async () => {
    const changed = copy();
    const name = fileName();
    changed.delete(name);
    editManifest(changed, ({ checksums }) => void delete checksums[name]);
    expect(await codesOf(repack(changed))).toEqual(['MISSING_ENTRY']);
    editManifest(changed, ({ failed_files }) => {
      failed_files.push({ fileId: name.split('/')[1] as string, fileName: 'gone.csv', reason: 'gone' });
    });
    expect(await codesOf(repack(changed))).toEqual([]);
  });

  test('that are no JSON are found, and none of their content is quoted', async () => {
    const changed = copy();
    replaceEntry(changed, 'data/accounts.json', '{"accounts":[\n{"secret":12,\n]}\n');
    const { errors } = await check(repack(changed));
    expect(errors.map(({ code }) => code)).toContain('BAD_JSON');
    expect(JSON.stringify(errors)).not.toContain('secret');
  });
});

describe('a volume of several', () => {
  const later = (edit: (changed: Map<string, Buffer>) => void = () => undefined): Buffer => {
    const changed = new Map([...entries].filter(([name]) => /transactions|files\/|manifest/.test(name)));
    editManifest(changed, (manifest) => {
      manifest.checksums = Object.fromEntries(Object.entries(manifest.checksums).filter(([name]) => changed.has(name)));
      manifest.data_summary = { transactions_count: whole.rows.transactions.length };
      manifest.volume = { number: 2, count: 2, set_id: 'set-1', set_summary: {} };
    });
    edit(changed);
    return repack(changed);
  };

  test('is intact by itself, though what it refers to stands in the first', async () => {
    expect(await codesOf(later())).toEqual([]);
  });

  test('is found damaged by itself', async () => {
    expect(await codesOf(later((changed) => void changed.set(fileName(), Buffer.from('other'))))).toEqual([
      'BAD_CHECKSUM',
    ]);
    const beyond = later((changed) => editManifest(changed, ({ volume }) => void Object.assign(volume, { number: 3 })));
    expect(await codesOf(beyond)).toEqual(['BAD_MANIFEST']);
  });

  test('may leave bytes to the others when it is the first', async () => {
    const first = copy();
    first.delete(fileName());
    editManifest(first, (manifest) => {
      delete manifest.checksums[fileName()];
      manifest.volume = { number: 1, count: 2, set_id: 'set-1', set_summary: {} };
    });
    expect(await codesOf(repack(first))).toEqual([]);
  });
});

describe('limits', () => {
  test('refuse what is beyond them', async () => {
    const open = (limits: Parameters<typeof openVolume>[1]) => openVolume(bufferSource(zip), limits);
    await expect(open({ entries: 3 })).rejects.toMatchObject({ code: 'TOO_MANY_ENTRIES' });
    await expect(open({ manifestBytes: 100 })).rejects.toMatchObject({ code: 'TOO_LARGE', entry: 'manifest.json' });
    await expect(open({ uncompressedBytes: 500 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
    const volume = await open({ lineBytes: 100 });
    const read = async () => {
      for await (const { line } of volume.rows('transactions')) parseRow(line);
    };
    await expect(read()).rejects.toMatchObject({ code: 'LINE_TOO_LONG' });
  });
});

describe('a source that fails', () => {
  test('is an accident and no verdict about the package', async () => {
    const cable = new Error('cable pulled');
    const good = bufferSource(zip);
    await expect(openVolume({ ...good, read: () => Promise.reject(cable) })).rejects.toBe(cable);
    const volume = await openVolume(good);
    const broken = await openVolume({
      ...good,
      stream: (start, end) => {
        const stream = good.stream(start, end);
        const isManifest = start === volume.entries.find(({ name }) => name === 'manifest.json')?.offset;
        return isManifest ? stream : stream.destroy(cable);
      },
    });
    const read = async () => {
      for await (const { line } of broken.rows('transactions')) parseRow(line);
    };
    await expect(read()).rejects.toBe(cable);
  });
});
