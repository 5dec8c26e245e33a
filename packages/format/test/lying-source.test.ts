/** A source that gives other than it was asked for has changed or is broken: an accident, never a verdict on the package. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { bufferSource, checkVolume, openVolume, PackageRefused, type PackageSource } from '../src/index.ts';
import { rawZip } from './packing.ts';

const manifest = Buffer.from('{"backup_format_version":"1.0","backup_timestamp":"","user_id":"u"}');
const kinds = ['accounts', 'categories', 'file_maps', 'transaction_files', 'transactions'];
const entries = [
  ...kinds.map((kind) => ({ name: `data/${kind}.json`, bytes: Buffer.from(`{"${kind}":[\n]}\n`) })),
  { name: 'manifest.json', bytes: manifest },
];
const zip = rawZip(entries);

const check = async (source: PackageSource) => checkVolume(await openVolume(source));

/** What a source gives instead of what it has. */
type Lie = (bytes: Buffer) => Buffer;
const short: Lie = (bytes) => bytes.subarray(0, -1);
const long: Lie = (bytes) => Buffer.concat([bytes, Buffer.from('x')]);
const nothing: Lie = () => Buffer.alloc(0);

const lying = (where: 'read' | 'stream', lie: Lie): PackageSource => {
  const honest = bufferSource(zip);
  return {
    size: zip.length,
    read: async (start, length) => {
      const bytes = await honest.read(start, length);
      return where === 'read' ? lie(bytes) : bytes;
    },
    stream: (start, end) =>
      Readable.from([where === 'stream' ? lie(zip.subarray(start, end)) : zip.subarray(start, end)]),
  };
};

describe.each(['read', 'stream'] as const)('a source whose %s', (where) => {
  test.each<[string, Lie]>([
    ['one byte too few', short],
    ['one byte too many', long],
    ['nothing', nothing],
  ])('gives %s is an accident that says so', async (_name, lie) => {
    const failure: unknown = await check(lying(where, lie)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(PackageRefused);
    expect(String(failure)).toMatch(/the source gave \d+ (of \d+ )?bytes/);
  });
});

test('a source that gives what it has is checked', async () => {
  expect((await check(lying('read', (bytes) => bytes))).intact).toBe(true);
});

test.each([2n ** 40n, 2n ** 63n, 2n ** 64n - 1n])(
  'a zip64 locator that points at %i is refused without that place being read',
  async (place) => {
    const bytes = rawZip(entries, { zip64: { place } });
    const honest = bufferSource(bytes);
    const source: PackageSource = {
      ...honest,
      read: async (start, length) => {
        if (start + length > bytes.length) throw new Error('read beyond the end');
        return honest.read(start, length);
      },
    };
    await expect(openVolume(source)).rejects.toMatchObject({ code: 'BAD_ZIP64' });
  },
);
