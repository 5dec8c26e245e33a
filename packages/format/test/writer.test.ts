import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import { fc, test as prop } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  bufferSource,
  checkVolume,
  FileBroke,
  type FileSource,
  fileSource,
  openVolume,
  type WriteOptions,
  writeVolume,
} from '../src/index.ts';
import { filesOf, lines, manifestOf, memorySink, sha256 } from './packing.ts';

const fileId = '11111111-1111-4111-8111-111111111111';
const otherId = '22222222-2222-4222-8222-222222222222';

const write = (sink: Writable, files: Iterable<FileSource>, options: Partial<WriteOptions> = {}) =>
  writeVolume({
    sink,
    data: [{ kind: 'accounts', lines: lines([]) }],
    files: filesOf(files),
    manifest: manifestOf,
    ...options,
  });

/** What a sink was destroyed with, once it is. */
const endOf = async (sink: Writable): Promise<unknown> => {
  if (!sink.closed) await once(sink, 'close').catch(() => undefined);
  return sink.errored;
};

describe('rows given as bytes', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 30 });
  const cuts = fc.array(fc.nat(), { maxLength: 8 });
  /** Either of a run of rows is given as texts, or as bytes that are cut anywhere. */
  const runs = fc.array(fc.record({ texts, cuts, asBytes: fc.boolean() }), { maxLength: 5 });

  prop.prop([runs])('are written as the same rows given as texts', async (given) => {
    const rows = given.map((run) => run.texts.map((memo) => JSON.stringify({ memo })));
    const mixed = async function* (): AsyncGenerator<string | Buffer> {
      for (const [n, { cuts: at, asBytes }] of given.entries()) {
        const mine = rows[n] ?? [];
        if (asBytes) yield* cutAt(Buffer.from(mine.map((row) => `${row}\n`).join('')), at);
        else yield* mine;
      }
    };
    const written: { bytes: Buffer; counts: unknown }[] = [];
    for (const of of [lines(rows.flat()), mixed()]) {
      const { sink, bytes } = memorySink();
      const { counts } = await write(sink, [], { data: [{ kind: 'accounts', lines: of }] });
      written.push({ bytes: bytes(), counts });
    }
    expect(written[1]).toEqual(written[0]);
  });

  test.each([
    ['end within a row', ['{"a":1}\n{"b"']],
    ['go on with a text within a row', ['{"a":1', '{"b":2}']],
  ])('that %s are refused', async (_, [first = '', ...texts]) => {
    const mixed = async function* () {
      yield Buffer.from(first);
      yield* texts;
    };
    const writing = write(memorySink().sink, [], { data: [{ kind: 'accounts', lines: mixed() }] });
    await expect(writing).rejects.toThrow(/allowed are bytes of whole lines/);
  });
});

const cutAt = function* (bytes: Buffer, cuts: readonly number[]): Generator<Buffer> {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let from = 0;
  for (const to of ends) {
    yield bytes.subarray(from, to);
    from = to;
  }
};

describe('a file whose stream fails', () => {
  const failing: [string, () => { size: number; body: Readable }][] = [
    [
      'at once',
      () => ({
        size: 10,
        body: new Readable({
          read() {
            this.destroy(new Error('gone'));
          },
        }),
      }),
    ],
    ['in the middle', () => ({ size: 300_000, body: Readable.from(failingAfter(200_000)) })],
    [
      'by being destroyed',
      () => ({
        size: 10,
        body: new Readable({
          read() {
            this.destroy();
          },
        }),
      }),
    ],
    ['by ending early', () => ({ size: 11, body: Readable.from([Buffer.alloc(10)]) })],
    ['by going on too long', () => ({ size: 9, body: Readable.from([Buffer.alloc(10)]) })],
  ];

  test.each(failing)('%s breaks the volume, and the sink is destroyed with the same error', async (_how, make) => {
    const { sink } = memorySink();
    const ended = endOf(sink);
    const broke = await write(sink, [{ fileId, fileName: 'a.csv', ...make() }]).catch((error: unknown) => error);
    expect(broke).toBeInstanceOf(FileBroke);
    expect(broke).toMatchObject({ fileId });
    expect(await ended).toBe(broke);
    expect(sink.writableFinished).toBe(false);
  });

  test('tells why', async () => {
    const body = new Readable({
      read() {
        this.destroy(new Error('gone'));
      },
    });
    await expect(write(memorySink().sink, [{ fileId, fileName: 'a', size: 1, body }])).rejects.toMatchObject({
      cause: { message: 'gone' },
    });
  });

  test('breaks it in memory too, when the length is wrong', async () => {
    const file = { fileId, fileName: 'a', size: 2, body: Buffer.from('abc') };
    await expect(write(memorySink().sink, [file])).rejects.toThrow('3 bytes, expected 2');
  });
});

const failingAfter = async function* (bytes: number): AsyncGenerator<Buffer> {
  yield Buffer.alloc(bytes);
  throw new Error('connection reset');
};

describe('a volume that cannot be written', () => {
  test('for a sink that fails rejects with its error and closes what is open', async () => {
    const full = new Error('disk full');
    let taken = 0;
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        taken += chunk.length;
        callback(taken > 2 ** 20 ? full : null);
      },
    });
    const body = Readable.from(endless());
    await expect(write(sink, [{ fileId, fileName: 'a.zip', size: 2 ** 40, body }])).rejects.toBe(full);
    expect(body.destroyed).toBe(true);
  });

  test('for a signal rejects with its reason, even while a source hangs', async () => {
    const controller = new AbortController();
    const { sink } = memorySink();
    const body = new Readable({
      read() {
        setImmediate(() => controller.abort(new Error('canceled')));
      },
    });
    const ended = endOf(sink);
    await expect(
      write(sink, [{ fileId, fileName: 'a', size: 5, body }], { signal: controller.signal }),
    ).rejects.toThrow('canceled');
    expect(body.destroyed).toBe(true);
    expect(await ended).toBeInstanceOf(Error);
    await expect(write(memorySink().sink, [], { signal: controller.signal })).rejects.toThrow('canceled');
  });

  test('for rows or files that cannot be had rejects with their error', async () => {
    const broken = (): AsyncIterable<never> => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('staging is gone')) }),
    });
    const { sink } = memorySink();
    await expect(write(sink, [], { data: [{ kind: 'accounts', lines: broken() }] })).rejects.toThrow('staging is gone');
    expect(sink.destroyed).toBe(true);
    await expect(write(memorySink().sink, [], { files: broken() })).rejects.toThrow('staging is gone');
  });

  test('for a manifest that is none, or a file given twice, rejects', async () => {
    const { sink } = memorySink();
    const manifest: WriteOptions['manifest'] = (soFar) =>
      manifestOf(soFar, { checksums: { 'data/accounts.json': 'md5' } });
    await expect(write(sink, [], { manifest })).rejects.toThrow('no checksum');
    expect(sink.destroyed).toBe(true);
    const file = { fileId, fileName: 'a', size: 1, body: Buffer.from('a') };
    await expect(write(memorySink().sink, [file, { ...file, fileName: 'b' }])).rejects.toThrow('written already');
  });
});

const endless = async function* (): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024);
};

describe('a written volume', () => {
  test('is described exactly: bytes, hashes, counts, progress', async () => {
    const { sink, bytes } = memorySink();
    const progress: number[] = [];
    const files: FileSource[] = [
      { fileId, fileName: 'a.csv', size: 3, body: Buffer.from('abc') },
      { fileId: otherId, fileName: 'scan.pdf', size: 5, body: Readable.from([Buffer.from('he'), Buffer.from('llo')]) },
    ];
    const written = await write(sink, files, { onProgress: (count) => progress.push(count) });
    expect(`sha256:${written.sha256}`).toBe(sha256(bytes()));
    expect(written).toMatchObject({
      bytes: bytes().length,
      counts: { accounts: 0 },
      files: 2,
      fileBytes: 8,
      dataBytes: 17,
    });
    expect(written.checksums).toEqual({
      'data/accounts.json': sha256('{"accounts":[\n]}\n'),
      [`files/${fileId}/a.csv`]: sha256('abc'),
      [`files/${otherId}/scan.pdf`]: sha256('hello'),
    });
    expect(written.manifest.checksums).toEqual(written.checksums);
    expect(progress.at(-1)).toBe(written.bytes);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    const { entries } = await openVolume(bufferSource(bytes()));
    expect(entries.map(({ name, method }) => [name.split('/').at(-1), method])).toEqual([
      ['accounts.json', 8],
      ['a.csv', 8],
      ['scan.pdf', 0],
      ['manifest.json', 8],
    ]);
  });

  test('never runs ahead of a slow sink', async () => {
    let taken = 0;
    let made = 0;
    let ahead = 0;
    const sink = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _encoding, callback) {
        taken += chunk.length;
        void tick().then(() => callback());
      },
    });
    const size = 64 * 2 ** 20;
    const noise = Buffer.alloc(2 ** 20, 1);
    const body = Readable.from(
      (async function* () {
        for (; made < size; made += noise.length) {
          ahead = Math.max(ahead, made - taken);
          yield noise;
        }
      })(),
    );
    await write(sink, [{ fileId, fileName: 'noise.zip', size, body }]);
    expect(ahead).toBeLessThan(8 * 2 ** 20);
  });

  test('is read from disk as from memory', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fzip-format-'));
    try {
      const path = join(folder, 'a.fzip');
      const row =
        '{"accountId":"11111111-1111-4111-8111-111111111111","accountName":"A","accountType":"other","createdAt":1,"updatedAt":1}';
      const kinds = ['categories', 'file_maps', 'transaction_files', 'transactions'] as const;
      const data = [
        { kind: 'accounts' as const, lines: lines([row]) },
        ...kinds.map((kind) => ({ kind, lines: lines([]) })),
      ];
      const written = await write(createWriteStream(path), [], { data });
      expect((await readFile(path)).length).toBe(written.bytes);
      const source = await fileSource(path);
      const progress: number[] = [];
      const verdict = await checkVolume(await openVolume(source), { onProgress: (bytes) => progress.push(bytes) });
      await source.close();
      expect(verdict).toMatchObject({ intact: true, counts: { accounts: 1 } });
      expect(progress.at(-1)).toBe(written.dataBytes);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
