/** The JSON of a data entry that may be damaged: out of gzip where it is packed so. */
import { crc32 } from 'node:zlib';
import { PackageRefused } from '../errors.ts';
import { headerEnd } from '../gunzip.ts';
import { type Place, unpackingAt } from './places.ts';
import { inflating, Unpackable } from './unpacking.ts';
import type { Window } from './window.ts';

/** Where the damage is, in packed bytes: of the entry, of the gzip within. */
export type Fine = { outer: number; inner: number };

export const soundly: Fine = { outer: Number.POSITIVE_INFINITY, inner: Number.POSITIVE_INFINITY };

export type DataBytes = {
  /** @throws Unpackable where they end too early or are broken */
  json: AsyncGenerator<Buffer>;
  /** Once it is over: how many packed bytes of the gzip were taken. */
  taken(): number;
};

export const dataBytes = (window: Window, place: Place, isGzip: boolean, fine: Fine = soundly): DataBytes => {
  const outer = unpackingAt(window, place, fine.outer);
  return isGzip ? gunzipping(outer.plain, place.name, fine.inner) : { json: outer.plain, taken: outer.taken };
};

const trailerBytes = 8;

/** One member of gzip. Its CRC is judged at its end. */
const gunzipping = (packed: AsyncGenerator<Buffer>, name: string, fineFrom: number): DataBytes => {
  let given = 0;
  let last: Buffer = Buffer.alloc(0);
  const deflated = async function* (): AsyncGenerator<Buffer> {
    let head: Buffer | undefined = Buffer.alloc(0);
    for (let next = await packed.next(); !next.done; next = await packed.next()) {
      last = next.value;
      if (head) {
        head = Buffer.concat([head, last]);
        const start = memberStart(head, name);
        if (start === undefined) continue;
        last = head.subarray(start);
        head = undefined;
      }
      given += last.length;
      yield last;
    }
  };
  const inner = inflating(deflated(), fineFrom);
  const json = async function* (): AsyncGenerator<Buffer> {
    let [crc, size] = [0, 0];
    try {
      for await (const chunk of inner.plain) {
        crc = crc32(chunk, crc);
        size += chunk.length;
        yield chunk;
      }
      const trailer = await restOf(last.subarray(last.length - (given - inner.taken())), packed);
      if (trailer.length < trailerBytes) throw new Unpackable(true, 'the gzip within ends too early');
      if (trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== size % 2 ** 32)
        throw new Unpackable(false, 'the gzip within differs from its CRC');
    } finally {
      await packed.return(undefined);
    }
  };
  return { json: json(), taken: inner.taken };
};

const memberStart = (head: Buffer, name: string): number | undefined => {
  try {
    return headerEnd(head, name);
  } catch (error) {
    if (error instanceof PackageRefused) throw new Unpackable(false, 'the gzip within is broken');
    throw error;
  }
};

const restOf = async (begun: Buffer, packed: AsyncGenerator<Buffer>): Promise<Buffer> => {
  let rest = begun;
  while (rest.length < trailerBytes) {
    const next = await packed.next();
    if (next.done) break;
    rest = Buffer.concat([rest, next.value]);
  }
  return rest;
};

/** The first byte that is no white space, and how reading to the end went. */
export const probeData = async (
  bytes: DataBytes,
): Promise<{ first: number | undefined; ending: Unpackable | undefined; taken: number }> => {
  let first: number | undefined;
  let ending: Unpackable | undefined;
  try {
    for await (const chunk of bytes.json) first ??= chunk.find((byte) => byte > 0x20);
  } catch (error) {
    if (!(error instanceof Unpackable)) throw error;
    ending = error;
  }
  return { first, ending, taken: bytes.taken() };
};
