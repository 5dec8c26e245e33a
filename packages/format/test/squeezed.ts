/** Entries and packages of LZMA, as HouseF3 writes them above 50 MiB of files. */
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import lzma from 'lzma-native';
import { type RawEntry, rawZip, unpack } from './packing.ts';

const aloneBytes = 13;
const propertyBytes = 5;

/** As a ZIP holds it: version, length of the properties, properties, stream up to its end marker. */
const compress = async (plain: Buffer, preset: number): Promise<Buffer> => {
  const encoder = lzma.createStream('aloneEncoder', { preset } as object);
  encoder.end(plain);
  const alone = await buffer(encoder);
  return Buffer.concat([
    Buffer.from([9, 4, propertyBytes, 0]),
    alone.subarray(0, propertyBytes),
    alone.subarray(aloneBytes),
  ]);
};

export type SqueezedEntry = RawEntry & { bytes: Buffer };

/** @param preset of the encoder; 0 takes the least memory */
export const squeezedEntry = async (name: string, plain: Buffer, preset = 6): Promise<SqueezedEntry> => ({
  name,
  bytes: await compress(plain, preset),
  method: 14,
  flags: 0x802,
  size: plain.length,
  crc: crc32(plain),
});

/** The same package, of which every entry is LZMA, the manifest included. */
export const squeezed = async (zip: Buffer): Promise<Buffer> => {
  const entries: RawEntry[] = [];
  for (const [name, plain] of await unpack(zip)) entries.push(await squeezedEntry(name, plain));
  return rawZip(entries);
};
