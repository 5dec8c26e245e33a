/** Accepted: what an archive and the names of its entries may be. FORMAT.md, sections 2 and 3. */
import { crc32 } from 'node:zlib';
import type { Accepted } from './corpus-accepted.ts';
import { dataText, extra, fileName, id, make, numbers, rows } from './corpus-parts.ts';

import { type RawEntry, rawZip } from './packing.ts';
import { squeezedEntry } from './squeezed.ts';
import { unmarkedEntry } from './unmarked.ts';

const [utf8, streamed, unknown32] = [0x800, 0x8, 0xffffffff];
const none = Buffer.alloc(0);
const account = Buffer.from(dataText('accounts', rows.accounts));
const accountBytes = account.length;
const signature: [4, number] = [4, 0x08074b50];

/** Stored and streamed: local headers that know nothing yet, or all of it, and descriptors. */
const onTheWay = (local: RawEntry['local'], width: 4 | 8, isSigned: boolean): Buffer =>
  make({
    seal: (entry) => ({
      ...entry,
      flags: utf8 | streamed,
      ...(local ? { local } : {}),
      behind: numbers(
        ...(isSigned ? [signature] : []),
        [4, crc32(entry.bytes)],
        [width, entry.bytes.length],
        [width, entry.bytes.length],
      ),
    }),
  });

const unknownYet = { crc: 0, compressedSize: 0, size: 0 };
const acceptedZips = (): Accepted[] => [
  { edge: 'all entries stored', zip: make({}) },
  { edge: 'all entries deflated', zip: make({ seal: (entry) => ({ ...entry, deflate: true }) }) },
  { edge: 'an empty file deflated', zip: emptyFile({ deflate: true }), warnings: ['COUNT_MISMATCH'] },
  { edge: 'an empty file stored', zip: emptyFile({}), warnings: ['COUNT_MISMATCH'] },
  ...([4, 8] as const).flatMap((width) =>
    [true, false].map((isSigned) => ({
      edge: `descriptors ${isSigned ? 'with' : 'without'} signature and sizes of ${width * 8} bits`,
      zip: onTheWay(unknownYet, width, isSigned),
    })),
  ),
  { edge: 'bit 3 with the true values in the local header', zip: onTheWay(undefined, 4, true) },
  {
    edge: 'bit 3 of a deflated entry',
    zip: make({
      entry: {
        deflate: true,
        flags: utf8 | streamed,
        local: unknownYet,
        behind: numbers(signature, [4, crc32(account)], [4, rleBytes(account)], [4, accountBytes]),
      },
    }),
  },
  {
    edge: 'versions needed 20 locally and 45 centrally',
    zip: make({ entry: { version: 45, local: { version: 20 } } }),
  },
  {
    edge: 'versions needed 10 locally and 63 centrally',
    zip: make({ entry: { version: 63, local: { version: 10 } } }),
  },
  {
    edge: 'a zip64 field in the directory alone',
    zip: make({
      entry: {
        central: { size: unknown32, compressedSize: unknown32, offset: unknown32 },
        extra: extra(1, numbers([8, accountBytes], [8, accountBytes], [8, 0])),
      },
    }),
  },
  {
    edge: 'a zip64 field for the offset alone',
    zip: make({ entry: { central: { offset: unknown32 }, extra: extra(1, numbers([8, 0])) } }),
  },
  {
    edge: 'a zip64 field in the local header alone',
    zip: make({
      entry: {
        local: {
          size: unknown32,
          compressedSize: unknown32,
          extra: extra(1, numbers([8, accountBytes], [8, accountBytes])),
        },
      },
    }),
  },
  {
    edge: 'an empty zip64 field beside sizes that need none',
    zip: make({ entry: { extra: extra(1, none), local: { extra: extra(1, none) } } }),
  },
  { edge: 'a zip64 end record of few entries', zip: make({ end: { zip64: {} } }) },
  { edge: 'a zip64 end record beside a short one that counts as well', zip: make({ end: { zip64: { short: 7 } } }) },
  { edge: 'a comment', zip: make({ end: { comment: 'kept by hand' } }), warnings: ['NOT_READ'] },
  {
    edge: 'a comment of the greatest length',
    zip: make({ end: { comment: ' '.repeat(0xffff) } }),
    warnings: ['NOT_READ'],
  },
  {
    edge: 'empty folders of the layout',
    zip: make({
      more: ['data/', 'files/', `files/${id(3)}/`].map((name) => ({
        name,
        bytes: none,
        attributes: (0o040755 * 0x10000 + 0x10) >>> 0,
      })),
    }),
    warnings: ['NOT_READ', 'NOT_READ', 'NOT_READ'],
  },
  {
    edge: 'an empty folder that is deflated',
    zip: make({ more: [{ name: 'files/', bytes: none, deflate: true }] }),
    warnings: ['NOT_READ'],
  },
  ...[0o100644, 0o100755, 0o100400, 0o644].map((mode) => ({
    edge: `Unix mode 0o${mode.toString(8)}`,
    zip: make({ entry: { attributes: (mode * 0x10000) >>> 0 } }),
  })),
  { edge: 'attributes of DOS', zip: make({ entry: { attributes: 0x21 } }) },
  {
    edge: 'times of Unix and NTFS in extra fields',
    zip: make({
      entry: {
        local: { extra: extra(0x5455, Buffer.alloc(13, 3)) },
        extra: Buffer.concat([extra(0x5455, Buffer.alloc(5, 3)), extra(0x000a, Buffer.alloc(32))]),
      },
    }),
  },
  {
    edge: 'an extra field nobody knows',
    zip: make({ entry: { extra: extra(0xbeef, Buffer.from('anything')), local: { extra: extra(0xcafe, none) } } }),
  },
  { edge: 'an extra field padded with zeros', zip: make({ entry: { local: { extra: Buffer.alloc(3) } } }) },
  {
    edge: 'an extra field that repeats the name',
    zip: make({
      entry: { extra: extra(0x7075, Buffer.concat([Buffer.alloc(5), Buffer.from('data/accounts.json')])) },
    }),
  },
  { edge: 'ASCII names without the flag of UTF-8', zip: make({ seal: (entry) => ({ ...entry, flags: 0 }) }) },
  { edge: 'flags of the deflate level', zip: make({ entry: { deflate: true, flags: utf8 | 0x6 } }) },
  {
    edge: 'data that deflates a thousand to one',
    zip: make({ data: { accounts: `${account}${' '.repeat(2 ** 20)}` }, entry: { deflate: true } }),
  },
];

/** What `rawZip` deflates to. */
const rleBytes = (bytes: Buffer): number => {
  const withIt = rawZip([{ name: '', bytes, deflate: true }]).length;
  return withIt - rawZip([{ name: '', bytes: none }]).length;
};

const emptyFile = (how: Partial<RawEntry>): Buffer => make({ files: [{ name: fileName, bytes: none, ...how }] });

const lzmaZips = async (): Promise<Accepted[]> => {
  const plain: RawEntry[] = [];
  make({
    arrange: (entries) => {
      plain.push(...entries);
      return entries;
    },
  });
  const marked: RawEntry[] = [];
  for (const { name, bytes } of plain) marked.push(await squeezedEntry(String(name), bytes, 0));
  const unmarked = plain.map(({ name, bytes }) => unmarkedEntry(String(name), bytes));
  return [
    { edge: 'LZMA with an end marker', zip: rawZip(marked) },
    { edge: 'LZMA without an end marker', zip: rawZip(unmarked) },
  ];
};

const named = (edge: string, name: string, more: Partial<RawEntry> = {}): Accepted => ({
  edge,
  zip: make({ files: [{ name: `files/${id(3)}/${name}`, bytes: Buffer.from('a,b'), ...more }] }),
});

const acceptedNames = (): Accepted[] => [
  named('a file name with colons', 'a:b:c.csv'),
  named('a file name that Windows reserves', 'CON'),
  named('a file name that Windows reserves, with an ending', 'nul.csv'),
  named('a file name with a trailing dot', 'may.'),
  named('a file name with a trailing space', 'may '),
  named('a file name with U+202E', 'may\u202evsc.exe'),
  named('a file name with U+FEFF and U+2028', '\ufeffmay\u2028.csv'),
  named('a file name with marks that shells know', '"<may>|?*$(x)`;&.csv'),
  named('a file name composed', 'm\u00e4rz.csv'),
  named('a file name decomposed', 'ma\u0308rz.csv'),
  named('a file name beyond the basic plane', '𝒜😀.csv'),
  named('a file name of three dots', '...'),
  named('a file name that only looks like a drive', 'C:may.csv'),
  named('a file name of 1024 bytes with its folders', 'm'.repeat(1024 - `files/${id(3)}/`.length)),
  named('a file name other than its row’s', 'entirely different.pdf'),
  named('a file name like a property of every object', '__proto__'),
];

export const acceptedArchives = async (): Promise<Accepted[]> => [
  ...acceptedZips(),
  ...(await lzmaZips()),
  ...acceptedNames(),
];
