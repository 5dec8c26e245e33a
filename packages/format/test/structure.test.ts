/** Archives made by hand that lie about themselves, and the unusual ones that do not. */
import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bufferSource, openVolume, type PackageSource } from '../src/index.ts';
import { check, codesOf, manifestOf, type RawEnd, type RawEntry, rawZip, sha256 } from './packing.ts';

const kinds = ['accounts', 'categories', 'file_maps', 'transaction_files', 'transactions'];

/** An empty profile; `change` makes its accounts' entry lie. */
const zip = (change: Partial<RawEntry> = {}, end: RawEnd = {}, more: RawEntry[] = []): Buffer => {
  const data = kinds.map((kind) => ({ name: `data/${kind}.json`, bytes: Buffer.from(`{"${kind}":[\n]}\n`) }));
  const checksums = Object.fromEntries(data.map(({ name, bytes }) => [name, sha256(bytes)]));
  const manifest = manifestOf({ counts: {}, checksums, files: 0, fileBytes: 0, dataBytes: 0 });
  const [accounts, ...others] = data as [RawEntry, ...RawEntry[]];
  const last = { name: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) };
  return rawZip([{ ...accounts, ...change }, ...others, ...more, last], end);
};

const bytes = Buffer.from('{"accounts":[\n]}\n');
const crc = crc32(bytes);

const numbers = (...fields: [width: 2 | 4 | 8, value: number][]): Buffer =>
  Buffer.concat(
    fields.map(([width, value]) => {
      const field = Buffer.alloc(8);
      field.writeBigUInt64LE(BigInt(value));
      return field.subarray(0, width);
    }),
  );
const signature: [4, number] = [4, 0x08074b50];
const streamed = { flags: 0x808, local: { crc: 0, compressedSize: 0, size: 0 } };
const extra = (id: number, data: Buffer): Buffer => Buffer.concat([numbers([2, id], [2, data.length]), data]);

describe('an entry is accepted', () => {
  const { length } = bytes;
  const deflated = deflateRawSync(bytes).length;
  test.each<[string, Partial<RawEntry>]>([
    ['with a short descriptor', { ...streamed, behind: numbers([4, crc], [4, length], [4, length]) }],
    ['with a signed one', { ...streamed, behind: numbers(signature, [4, crc], [4, length], [4, length]) }],
    ['with a wide one', { ...streamed, behind: numbers([4, crc], [8, length], [8, length]) }],
    [
      'with a wide and signed one, deflated',
      { ...streamed, deflate: true, behind: numbers(signature, [4, crc], [8, deflated], [8, length]) },
    ],
    [
      'with sizes in a zip64 field',
      {
        local: { compressedSize: 0xffffffff, size: 0xffffffff, extra: extra(1, numbers([8, length], [8, length])) },
        extra: extra(1, Buffer.alloc(0)),
      },
    ],
    [
      'with extra fields of other makers',
      { extra: extra(0x5455, Buffer.alloc(5)), local: { extra: extra(0x5455, Buffer.alloc(9)) } },
    ],
    [
      'with its own name in a field',
      { extra: extra(0x7075, Buffer.concat([Buffer.alloc(5), Buffer.from('data/accounts.json')])) },
    ],
    ['as a regular file of Unix', { attributes: 0o100644 * 0x10000 }],
  ])('%s', async (_name, change) => {
    expect(await codesOf(zip(change))).toEqual([]);
  });
});

describe('an entry is refused', () => {
  const { length } = bytes;
  test.each<[string, Partial<RawEntry>, string]>([
    ['when flags differ in its local header', { local: { flags: 0 } }, 'LOCAL_HEADER_DIFFERS'],
    ['when its CRC does', { local: { crc: 1 } }, 'LOCAL_HEADER_DIFFERS'],
    ['when its size does', { local: { size: 1 } }, 'LOCAL_HEADER_DIFFERS'],
    ['when its compressed size does', { local: { compressedSize: 0 } }, 'LOCAL_HEADER_DIFFERS'],
    ['when its streamed size is neither zero nor right', { ...streamed, local: { size: 5 } }, 'LOCAL_HEADER_DIFFERS'],
    [
      'when its zip64 sizes differ',
      { local: { size: 0xffffffff, extra: extra(1, numbers([8, 5])) } },
      'LOCAL_HEADER_DIFFERS',
    ],
    [
      'when its zip64 field lacks a size',
      { local: { size: 0xffffffff, extra: extra(1, numbers([4, 5])) } },
      'BAD_ZIP64',
    ],
    ['without the descriptor that its flags announce', { ...streamed }, 'BAD_DESCRIPTOR'],
    [
      'with a descriptor of another CRC',
      { ...streamed, behind: numbers([4, crc + 1], [4, length], [4, length]) },
      'BAD_DESCRIPTOR',
    ],
    [
      'with a descriptor of another size',
      { ...streamed, behind: numbers([4, crc], [4, length], [4, length + 1]) },
      'BAD_DESCRIPTOR',
    ],
    [
      'with a descriptor of another signature',
      { ...streamed, behind: numbers([4, 1], [4, crc], [4, length], [4, length]) },
      'BAD_DESCRIPTOR',
    ],
    [
      'with a descriptor and more',
      { ...streamed, behind: Buffer.concat([numbers([4, crc], [4, length], [4, length]), Buffer.alloc(1)]) },
      'BAD_DESCRIPTOR',
    ],
    ['with a gap behind it', { behind: Buffer.from('hidden') }, 'HIDDEN_BYTES'],
    ['with a gap of zeros behind it', { behind: Buffer.alloc(70_000) }, 'HIDDEN_BYTES'],
    ['with an extra field beyond its header', { extra: numbers([2, 0x5455], [2, 9]) }, 'BAD_EXTRA_FIELD'],
    ['with one beyond its local header', { local: { extra: numbers([2, 0x5455], [2, 9]) } }, 'BAD_EXTRA_FIELD'],
    ['with bytes that are no extra field', { extra: Buffer.from('abc') }, 'BAD_EXTRA_FIELD'],
    [
      'with two zip64 fields',
      { extra: Buffer.concat([extra(1, Buffer.alloc(0)), extra(1, Buffer.alloc(0))]) },
      'BAD_EXTRA_FIELD',
    ],
    [
      'with another name in an extra field',
      { extra: extra(0x7075, Buffer.from('\x01\0\0\0\0data/x.json')) },
      'RENAMED_ENTRY',
    ],
    [
      'with another name in a local one',
      { local: { extra: extra(0x7075, Buffer.from('\x01\0\0\0\0x')) } },
      'RENAMED_ENTRY',
    ],
    ['as a symbolic link', { attributes: 0o120777 * 0x10000 }, 'NOT_A_FILE'],
    ['as a device', { attributes: 0o060644 * 0x10000 }, 'NOT_A_FILE'],
    ['as a folder', { attributes: 0o040755 * 0x10000 }, 'NOT_A_FILE'],
  ])('%s', async (_name, change, code) => {
    expect((await codesOf(zip(change)))[0]).toBe(code);
  });

  test('when it is an empty folder that hides bytes', async () => {
    const folder = { name: 'data/', bytes: Buffer.alloc(0) };
    expect(await codesOf(zip({}, {}, [folder]))).toEqual([]);
    expect(await codesOf(zip({}, {}, [{ ...folder, behind: Buffer.from('hidden') }]))).toEqual(['HIDDEN_BYTES']);
  });
});

describe('the end of an archive', () => {
  test('may carry a comment, with a warning, or zip64 records', async () => {
    const { errors, warnings } = await check(zip({}, { comment: 'made by hand' }));
    expect(errors).toEqual([]);
    expect(warnings.map(({ message }) => message)).toEqual(['the archive has a comment of 12 bytes: not read']);
    expect(await codesOf(zip({}, { zip64: {} }))).toEqual([]);
    expect(await codesOf(zip({}, { zip64: { short: 6 } }))).toEqual([]);
  });

  test.each<[string, RawEnd, string]>([
    ['counts too few entries', { count: 5 }, 'BAD_END_RECORD'],
    ['counts too many entries', { count: 7 }, 'BAD_END_RECORD'],
    ['hides bytes before itself', { gap: Buffer.from('hidden') }, 'BAD_END_RECORD'],
    ['hides bytes before its zip64 record', { gap: Buffer.from('hidden'), zip64: {} }, 'BAD_END_RECORD'],
    ['counts otherwise in its zip64 record', { zip64: { short: 5 } }, 'BAD_ZIP64'],
    ['counts too few in its zip64 record', { zip64: { entries: 5 } }, 'BAD_END_RECORD'],
    ['has a zip64 record of another size', { zip64: { recordSize: 45 } }, 'BAD_ZIP64'],
    ['has an end record in its comment', { comment: `PK\x05\x06${'\0'.repeat(18)}` }, 'BAD_END_RECORD'],
    ['has its signature in its comment', { comment: 'PK\x05\x06' }, 'BAD_END_RECORD'],
    ['has a second end record', { gap: rawZip([]) }, 'BAD_END_RECORD'],
  ])('is refused when it %s', async (_name, end, code) => {
    expect((await codesOf(zip({}, end)))[0]).toBe(code);
  });
});

/** A source of which nobody may ask what is not there, as a server would refuse it. */
const strictSource = (bytes: Buffer): PackageSource => {
  const source = bufferSource(bytes);
  const within = (start: number, end: number): void => {
    if (start < 0 || start >= bytes.length || end < start) throw new Error(`asked for ${start} to ${end}`);
  };
  return {
    ...source,
    read: async (start, length) => {
      within(start, start + length);
      return source.read(start, length);
    },
    stream: (start, end) => {
      within(start, end);
      return source.stream(start, end);
    },
  };
};

describe('a record that', () => {
  test('needs a later version of ZIP than LZMA does is refused, and up to that one read', async () => {
    for (const [version, codes] of [
      [63, []],
      [0x0314, []],
      [64, ['UNSUPPORTED_ZIP']],
      [0xff, ['UNSUPPORTED_ZIP']],
    ] as const) {
      const bytes = zip();
      bytes.writeUInt16LE(version, bytes.indexOf('PK\x01\x02', 'latin1') + 6);
      expect(await codesOf(bytes), String(version)).toEqual(codes);
    }
  });

  test('leads beyond the archive is a verdict, and nobody is asked for what cannot be there', async () => {
    for (const place of [2n ** 40n, 2n ** 63n - 1n, 2n ** 64n - 1n, 3_000n]) {
      const bytes = zip({}, { zip64: {} });
      bytes.writeBigUInt64LE(place, bytes.lastIndexOf('PK\x06\x07', undefined, 'latin1') + 8);
      await expect(openVolume(strictSource(bytes)), String(place)).rejects.toMatchObject({ name: 'PackageRefused' });
    }
    for (const place of [5_000, 0xfffffffe]) {
      const bytes = zip();
      bytes.writeUInt32LE(place, bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1') + 16);
      await expect(openVolume(strictSource(bytes)), String(place)).rejects.toMatchObject({ name: 'PackageRefused' });
    }
  });
});
