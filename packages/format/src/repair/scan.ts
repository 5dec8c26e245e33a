/** Finds entries by their local headers where no directory helps, in one walk: what was read whole is jumped over. */
import type { FoundEntry, Status } from './find.ts';
import { descriptorAt, endsAsArchive, type LocalHeader, mayEndAt, nextRecord, storedEnd } from './headers.ts';
import { type Allowance, type Place, type Reading, readingOf } from './places.ts';
import type { Window } from './window.ts';

/** An entry, and where the walk goes on; `isOpen` if that is within what may be its bytes. */
type Step = { entry: FoundEntry; next: number; isOpen: boolean };

/** The entries in the order of their bytes. Signatures within one that was read whole are its own business. */
export const scanEntries = async function* (window: Window, allowance: Allowance): AsyncGenerator<FoundEntry> {
  const tail: Tail = { isCut: !(await endsAsArchive(window)), zeros: await zerosFrom(window) };
  let isDoubtful = false;
  let cut: FoundEntry | undefined;
  let at = 0;
  for (let record = await nextRecord(window, at); record; record = await nextRecord(window, at)) {
    // Nothing stands behind an entry in which the package ends.
    if (cut) yield { ...cut, status: 'broken', reason: 'its compressed bytes are broken' };
    cut = undefined;
    if (record.is === 'directory') {
      at = record.at + 4;
      continue;
    }
    const { entry, next, isOpen } = await stepOver(window, record.header, tail, allowance);
    const found = { ...entry, isDoubtful };
    if (isOpen && found.place.method === 0) isDoubtful = true;
    at = next;
    if (found.status === 'cut') cut = found;
    else yield found;
  }
  if (cut) yield cut;
};

/** How the package ends: as no archive does, in zeros from a place on. A download that broke off may have had its room made ready. */
type Tail = { isCut: boolean; zeros: number };

const leastZeros = 64;

/** Where the zeros begin that the source ends in; its size if there are hardly any. */
const zerosFrom = async (window: Window): Promise<number> => {
  const block = 64 * 1024;
  for (let end = window.size; end > 0; end -= block) {
    const start = Math.max(0, end - block);
    const last = (await window.at(start, end - start)).findLastIndex((byte) => byte !== 0);
    if (last !== -1) return window.size - (start + last + 1) < leastZeros ? window.size : start + last + 1;
  }
  return 0;
};

const stepOver = async (window: Window, header: LocalHeader, tail: Tail, allowance: Allowance): Promise<Step> => {
  const step = await stepUpTo(window, window.size, header, tail.isCut, allowance);
  const isBeforeZeros = header.start < tail.zeros && tail.zeros < window.size;
  if (!tail.isCut || step.entry.status !== 'broken' || !isBeforeZeros) return step;
  const cut = await stepUpTo(window, tail.zeros, header, tail.isCut, allowance);
  return cut.entry.status === 'cut' ? { ...cut, next: window.size } : step;
};

const stepUpTo = async (
  window: Window,
  end: number,
  header: LocalHeader,
  isCut: boolean,
  allowance: Allowance,
): Promise<Step> => {
  const { name, method, flags, start, isStreamed } = header;
  const isUnsized = method === 0 && isStreamed && header.packedSize === 0;
  const unsizedEnd = isUnsized ? await storedEnd(window, start) : undefined;
  const size = isUnsized ? (unsizedEnd ?? window.size + 1) - start : header.size;
  // Decoding LZMA takes all that it is given, whatever stands behind its end.
  const limit = method === 14 && !isStreamed ? Math.min(end, start + header.packedSize) : end;
  const place: Place = { name, method, flags, start, limit, size };
  const reading = await readingOf(window, place, allowance);
  const judged = await judge(window, end, header, reading, isCut);
  const entry = {
    name,
    ...(header.role && { role: header.role }),
    ...(header.refusal !== undefined && { refusal: header.refusal }),
    place,
    status: judged.status,
    reason: judged.reason,
    size: reading.size,
    crc32: reading.crc32,
    sha256: reading.sha256,
    packedSize: reading.packedSize,
    isDoubtful: false,
  };
  if (judged.end !== undefined) return { entry, next: judged.end, isOpen: false };
  // The bytes of a stored entry may be an archive themselves; those of a cut one reach to the end of what is there.
  if (method === 0 && judged.status === 'cut') return { entry, next: window.size, isOpen: false };
  return { entry, next: start, isOpen: true };
};

type Judged = { status: Status; reason: string; end: number | undefined };

/** @param limit where the package ends, or the zeros begin that it ends in */
const judge = async (
  window: Window,
  limit: number,
  header: LocalHeader,
  reading: Reading,
  isCut: boolean,
): Promise<Judged> => {
  const { start, isStreamed, packedSize } = header;
  const statedEnd = !isStreamed || packedSize > 0 ? start + packedSize : undefined;
  const likely = async (end: number | undefined): Promise<number | undefined> =>
    end !== undefined && (await mayEndAt(window, end)) ? end : undefined;
  if (reading.ending) {
    const isBeyond = statedEnd === undefined || statedEnd > limit;
    const status = reading.ending.isCut && isCut && isBeyond ? 'cut' : 'broken';
    const end = status === 'cut' ? undefined : await likely(statedEnd);
    return { status, reason: status === 'cut' ? 'the package ends in it' : reading.ending.message, end };
  }
  const end = start + reading.packedSize;
  if (reading.crc32 === header.crc32 && !isStreamed) return { status: 'whole', reason: '', end };
  const descriptor = isStreamed ? await descriptorAt(window, end, reading) : undefined;
  if (typeof descriptor === 'number') return { status: 'whole', reason: '', end: end + descriptor };
  if (descriptor === 'cut' && isCut)
    return { status: 'cut', reason: 'the package ends before its CRC', end: window.size };
  return {
    status: 'broken',
    reason: 'its bytes differ from their CRC',
    end: (await likely(end)) ?? (await likely(statedEnd)),
  };
};
