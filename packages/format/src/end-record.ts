/** The end of the archive: where the directory must stop, and that nothing is said twice. Judged before yauzl looks at it. */
import { PackageRefused, type RefusalCode } from './errors.ts';

// APPNOTE.TXT, sections 4.3.14 to 4.3.16.
const end = { signature: 0x06054b50, bytes: 22, longestComment: 0xffff };
const locator = { signature: 0x07064b50, bytes: 20 };
const zip64 = { signature: 0x06064b50, bytes: 56, uncounted: 12 };

/** Where the directory stands, in bytes, as the end records state it; the comment of the archive. */
export type EndRecord = { directory: number; directoryEnd: number; entries: number; comment: Buffer };

type Stated = { disks: number[]; here: number; entries: number; size: number; offset: number };

const wrong = (message: string, code: RefusalCode = 'BAD_END_RECORD'): PackageRefused =>
  new PackageRefused(code, message);

/**
 * @param read gives bytes of the archive; none beyond its end is asked for
 * @throws PackageRefused if the records contradict one another or the archive
 */
export const readEndRecord = async (
  read: (start: number, length: number) => Promise<Buffer>,
  size: number,
): Promise<EndRecord> => {
  const length = Math.min(size, locator.bytes + end.bytes + end.longestComment);
  const tail = await read(size - length, length);
  let at = tail.length - end.bytes;
  while (at >= 0 && tail.readUInt32LE(at) !== end.signature) at -= 1;
  if (at < 0) throw await endless(read, size);
  const comment = tail.subarray(at + end.bytes);
  if (comment.includes('PK\x05\x06', 0, 'latin1'))
    throw wrong('the comment holds the signature of an end record; allowed is one end record');
  const statedComment = tail.readUInt16LE(at + 20);
  if (statedComment !== comment.length)
    throw wrong(
      `a comment of ${statedComment} bytes is stated, ${comment.length} follow; allowed is one end record, with its comment and nothing behind`,
    );
  const short = shortRecord(tail.subarray(at));
  const start = size - length + at;
  const isLong = at >= locator.bytes && tail.readUInt32LE(at - locator.bytes) === locator.signature;
  const found = isLong
    ? await longRecord(read, tail.subarray(at - locator.bytes, at), start - locator.bytes, short)
    : { stated: short, directoryEnd: start };
  const { stated, directoryEnd } = found;
  const disk = stated.disks.find((number) => number !== 0);
  if (disk !== undefined)
    throw new PackageRefused('SEVERAL_DISKS', `the end record names disk ${disk}; allowed is disk 0 alone`);
  if (stated.here !== stated.entries)
    throw wrong(`${stated.here} of ${stated.entries} entries on this disk; allowed are all`);
  if (stated.offset + stated.size !== directoryEnd) {
    throw wrong(
      `the directory is said to end at ${stated.offset + stated.size}; what follows begins at ${directoryEnd}`,
    );
  }
  return { directory: stated.offset, directoryEnd, entries: stated.entries, comment };
};

const endless = async (
  read: (start: number, length: number) => Promise<Buffer>,
  size: number,
): Promise<PackageRefused> =>
  (await read(0, Math.min(size, 4))).toString('latin1') === 'PK\x03\x04'
    ? new PackageRefused('TRUNCATED', `no end of central directory in ${size} bytes, though they begin as a ZIP`)
    : new PackageRefused('NOT_A_ZIP', `${size} bytes that neither begin nor end as a ZIP`);

const shortRecord = (bytes: Buffer): Stated => ({
  disks: [bytes.readUInt16LE(4), bytes.readUInt16LE(6)],
  here: bytes.readUInt16LE(8),
  entries: bytes.readUInt16LE(10),
  size: bytes.readUInt32LE(12),
  offset: bytes.readUInt32LE(16),
});

/** Zip64: the locator names a record that must end where the locator begins, and say what the short one says. */
const longRecord = async (
  read: (start: number, length: number) => Promise<Buffer>,
  at: Buffer,
  locatorStart: number,
  short: Stated,
): Promise<{ stated: Stated; directoryEnd: number }> => {
  const disksInAll = at.readUInt32LE(16);
  if (disksInAll > 1)
    throw new PackageRefused('SEVERAL_DISKS', `the zip64 locator counts ${disksInAll} disks; allowed is one`);
  // Numbers beyond 2^53 lose digits here, and are still beyond any place that they are compared with.
  const start = Number(at.readBigUInt64LE(8));
  if (start + zip64.bytes > locatorStart)
    throw wrong(
      `the zip64 locator points at ${start}; allowed is up to ${locatorStart - zip64.bytes}, ${zip64.bytes} bytes before it`,
      'BAD_ZIP64',
    );
  const bytes = await read(start, zip64.bytes);
  if (bytes.length < zip64.bytes || bytes.readUInt32LE(0) !== zip64.signature)
    throw wrong(`no zip64 end record at ${start}, where its locator points; allowed is one`, 'BAD_ZIP64');
  const ends = start + zip64.uncounted + Number(bytes.readBigUInt64LE(4));
  if (ends !== locatorStart)
    throw wrong(
      `the zip64 end record ends at ${ends}; allowed is ${locatorStart}, where its locator begins`,
      'BAD_ZIP64',
    );
  // What may follow its fields is read by nobody, so anything could hide there.
  if (start + zip64.bytes !== locatorStart)
    throw wrong(`a zip64 end record of ${locatorStart - start} bytes; allowed are ${zip64.bytes}`, 'BAD_ZIP64');
  const disks = [at.readUInt32LE(4), bytes.readUInt32LE(16), bytes.readUInt32LE(20)];
  const [here, entries, size, offset] = [24, 32, 40, 48].map((field) => Number(bytes.readBigUInt64LE(field))) as [
    number,
    number,
    number,
    number,
  ];
  const agree = (what: string, stated: number, expected: number, unsaid: number): void => {
    if (stated === expected || stated === unsaid) return;
    const message = `the end record says ${stated} for ${what}, the zip64 one ${expected}; allowed is the same, or ${unsaid}`;
    throw wrong(message, 'BAD_ZIP64');
  };
  for (const disk of short.disks) agree('a disk', disk, 0, 0xffff);
  agree('the entries of this disk', short.here, here, 0xffff);
  agree('all entries', short.entries, entries, 0xffff);
  agree('the size of the directory', short.size, size, 0xffffffff);
  agree('its place', short.offset, offset, 0xffffffff);
  return { stated: { disks, here, entries, size, offset }, directoryEnd: start };
};
