/** An entry that a sound directory lists. Its local header and its descriptor may be damaged: then its room tells where its bytes are. */
import type { Entry } from '../entry-table.ts';
import type { FoundEntry } from './find.ts';
import { descriptorAt } from './headers.ts';
import { type Allowance, type Place, type Reading, readingOf } from './places.ts';
import type { Window } from './window.ts';

const localHeaderBytes = 30;
const streamed = 0x8;
/** Of descriptors; the usual one first. */
const widths = [16, 24, 12, 20];

/** Reads an entry in every way that its directory, its header and its room allow, until its bytes are proven. */
export const listedEntry = async (window: Window, entry: Entry, allowance: Allowance): Promise<FoundEntry> => {
  const { name, role, method, flags, end } = entry;
  const local = await window.at(entry.offset, localHeaderBytes);
  let first: FoundEntry | undefined;
  for (const start of startsOf(entry, local)) {
    for (const size of sizesOf(entry, start, local)) {
      const place: Place = { name, method, flags, start, limit: end, size };
      const reading = await readingOf(window, place, allowance);
      const isWhole = !reading.ending && (await isProven(window, entry, local, place, reading));
      const { ending, ...measured } = reading;
      const reason = isWhole ? '' : (ending?.message ?? 'its bytes differ from their CRC');
      const found = { name, role, place, reason, ...measured, isDoubtful: false };
      if (isWhole) return { ...found, status: 'whole' };
      first ??= { ...found, status: 'broken' };
    }
  }
  return first ?? unreadable(entry);
};

const startsOf = ({ offset, end, compressedSize, flags }: Entry, local: Buffer): number[] => {
  const behind = (flags & streamed) === 0 ? [0] : widths;
  const starts = [
    ...(local.length === localHeaderBytes
      ? [offset + localHeaderBytes + local.readUInt16LE(26) + local.readUInt16LE(28)]
      : []),
    ...behind.map((width) => end - width - compressedSize),
  ];
  return [...new Set(starts)].filter((start) => start >= offset + localHeaderBytes && start <= end);
};

/** Only of a stored entry does the size say where it ends. */
const sizesOf = ({ method, flags, size, end }: Entry, start: number, local: Buffer): number[] => {
  if (method !== 0) return [size];
  const stated = local.length === localHeaderBytes ? [local.readUInt32LE(22)] : [];
  const room = (flags & streamed) === 0 ? [end - start] : widths.map((width) => end - start - width);
  return [...new Set([size, ...stated, ...room])].filter((bytes) => bytes >= 0 && start + bytes <= end);
};

/** A CRC stands in three places; one that holds is enough. */
const isProven = async (
  window: Window,
  entry: Entry,
  local: Buffer,
  { start }: Place,
  { crc32, size, packedSize }: Reading,
): Promise<boolean> => {
  if (crc32 === entry.crc32 && (size > 0 || entry.size === 0)) return true;
  if (size > 0 && local.length === localHeaderBytes && crc32 === local.readUInt32LE(14)) return true;
  if ((entry.flags & streamed) === 0) return false;
  return typeof (await descriptorAt(window, start + packedSize, { crc32, size, packedSize })) === 'number';
};

const unreadable = ({ name, role, method, flags, offset, end, size }: Entry): FoundEntry => ({
  name,
  role,
  place: { name, method, flags, start: offset, limit: end, size },
  status: 'broken',
  reason: 'its local header is broken',
  size: 0,
  crc32: 0,
  sha256: '',
  packedSize: 0,
  isDoubtful: false,
});
