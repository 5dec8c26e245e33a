/** Finds entries by their local headers where no directory helps, in one walk: what was read whole is jumped over. */
import type { FoundEntry, Status } from './find.ts';
import { descriptorAt, endsAsArchive, type LocalHeader, mayEndAt, nextRecord, storedEnd } from './headers.ts';
import { type Allowance, type Place, type Reading, readingOf } from './places.ts';
import type { Window } from './window.ts';

/** An entry, and where the walk goes on; `isOpen` if that is within what may be its bytes. */
type Step = { entry: FoundEntry; next: number; isOpen: boolean };

/** The entries in the order of their bytes. Signatures within one that was read whole are its own business. */
export const scanEntries = async function* (window: Window, allowance: Allowance): AsyncGenerator<FoundEntry> {
  const isCut = !(await endsAsArchive(window));
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
    const { entry, next, isOpen } = await stepOver(window, record.header, isCut, allowance);
    const found = { ...entry, isDoubtful };
    if (isOpen && found.place.method === 0) isDoubtful = true;
    at = next;
    if (found.status === 'cut') cut = found;
    else yield found;
  }
  if (cut) yield cut;
};

const stepOver = async (window: Window, header: LocalHeader, isCut: boolean, allowance: Allowance): Promise<Step> => {
  const { name, method, flags, start, isStreamed } = header;
  const isUnsized = method === 0 && isStreamed && header.packedSize === 0;
  const unsizedEnd = isUnsized ? await storedEnd(window, start) : undefined;
  const size = isUnsized ? (unsizedEnd ?? window.size + 1) - start : header.size;
  const place: Place = { name, method, flags, start, limit: window.size, size };
  const reading = await readingOf(window, place, allowance);
  const judged = await judge(window, header, reading, isCut);
  const entry = {
    name,
    ...(header.role && { role: header.role }),
    ...(header.refusal !== undefined && { refusal: header.refusal }),
    place: { ...place, size: method === 0 ? size : reading.size },
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

const judge = async (window: Window, header: LocalHeader, reading: Reading, isCut: boolean): Promise<Judged> => {
  const { start, isStreamed, packedSize } = header;
  const statedEnd = !isStreamed || packedSize > 0 ? start + packedSize : undefined;
  const likely = async (end: number | undefined): Promise<number | undefined> =>
    end !== undefined && (await mayEndAt(window, end)) ? end : undefined;
  if (reading.ending) {
    const status = reading.ending.isCut && isCut ? 'cut' : 'broken';
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
