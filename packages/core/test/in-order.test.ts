/** Rows of staged chunks in the order of the package, whatever chunks they came in and wherever a volume begins. */
import { fc, test } from '@fast-check/vitest';
import {
  compareSortKeys,
  formatRow,
  OrderFreeDigest,
  type Row,
  referencesOf,
  sortKey,
  toPackageRow,
} from '@fzip/format';
import { sampleProfile } from '@fzip/sample';
import { memoryPorts } from '@fzip/testing';
import { describe, expect } from 'vitest';
import { inOrder, rowsInOrder, runsOf } from '../src/backup/in-order.ts';
import { referenceTally } from '../src/backup/references.ts';
import type { ChunkRecord, Line } from '../src/staging.ts';
import { stageChunk } from '../src/staging.ts';

const work = { jobId: '00000000-0000-4000-8000-000000000001', attempt: 1 };

/** Transactions of few days, in the order of their index, in which rows of one day stand as they please. */
const rows = fc
  .array(fc.record({ day: fc.integer({ min: 0, max: 6 }), memo: fc.string({ maxLength: 9 }) }), { maxLength: 60 })
  .map((found) =>
    found
      .map(({ day, memo }, n): Row => ({ transactionId: `${(n * 7919) % 61}-${n}`, date: day * 86_400_000, memo }))
      .sort((a, b) => Number(a.date) - Number(b.date)),
  );

const lineOf = (row: Row): Line => ({ row, line: formatRow(row), at: sortKey('transactions', row) });

const staged = async (ports: ReturnType<typeof memoryPorts>, found: readonly Row[], chunkRows: number) => {
  const chunks: ChunkRecord[] = [];
  for (let from = 0; from < found.length; from += chunkRows) {
    const lines = found.slice(from, from + chunkRows).map(lineOf);
    chunks.push(await stageChunk(ports, work, { kind: 'transactions', name: `${from}` }, lines, new OrderFreeDigest()));
  }
  return chunks;
};

const textOf = async (pieces: AsyncIterable<Line | Buffer>): Promise<string> => {
  let text = '';
  for await (const piece of pieces) text += Buffer.isBuffer(piece) ? piece.toString('latin1') : `${piece.line}\n`;
  return text;
};

describe('what a chunk of transactions refers to', () => {
  const tallied = (found: readonly Row[]) => {
    const tally = referenceTally('transactions');
    for (const row of found) tally.add(row, formatRow(row));
    return tally.plain();
  };
  const sample = () => sampleProfile({ userId: 'alice', transactions: 50, files: 3 });
  const packaged = () => [...sample().rows('transactions')].map((row) => toPackageRow('transactions', row));

  test('is known of plain rows, and then is all that they refer to', () => {
    const found = packaged();
    const ids = tallied(found);
    const expected = found.flatMap((row) => referencesOf('transactions', row).map(({ to, id }) => `${to} ${id}`));
    const named = Object.entries(ids ?? {}).flatMap(([to, some]) => some.map((id) => `${to} ${id}`));
    expect(named.toSorted()).toEqual([...new Set(expected)].toSorted());
    expect(named.length).toBeGreaterThan(3);
  });

  test('is not known if one value is odd, or if it is much', () => {
    const [first, ...others] = packaged();
    if (!first) throw new Error('no row');
    expect(tallied([...others, { ...first, status: 5 }, ...others])).toBeUndefined();
    const spread = Array.from({ length: 300 }, (_, n) => ({
      ...first,
      fileId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    }));
    expect(tallied(spread)).toBeUndefined();
  });
});

describe('rows in order', () => {
  test.prop([rows, fc.integer({ min: 1, max: 20 }), fc.infiniteStream(fc.boolean())])(
    'are those that were staged, sorted, whichever chunks are passed on as they are',
    async (found, chunkRows, coins) => {
      const ports = memoryPorts();
      const chunks = await staged(ports, found, chunkRows);
      const plain = new Map(chunks.map((chunk) => [chunk, coins.next().value === true]));
      const sorted = found.map(lineOf).sort((a, b) => compareSortKeys(a.at, b.at));
      const expected = sorted.map(({ line }) => `${line}\n`).join('');
      const passed = inOrder(ports, 'transactions', runsOf(chunks), (chunk) => plain.get(chunk) ?? false);
      expect(await textOf(passed)).toBe(Buffer.from(expected).toString('latin1'));
      expect(await textOf(rowsInOrder(ports, 'transactions', chunks))).toBe(expected);
    },
  );

  test.prop([rows, fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(), { maxLength: 4 })])(
    'are the same in several volumes, wherever one begins',
    async (found, chunkRows, cuts) => {
      const ports = memoryPorts();
      const runs = runsOf(await staged(ports, found, chunkRows));
      const ends = [...cuts.map((cut) => cut % (runs.length + 1)).sort((a, b) => a - b), runs.length];
      let [text, from] = ['', 0];
      for (const to of ends) {
        text += await textOf(inOrder(ports, 'transactions', runs.slice(from, to), (chunk) => chunk.rows % 2 === 0));
        from = to;
      }
      const whole = await textOf(inOrder(ports, 'transactions', runs, () => true));
      expect(text).toBe(whole);
    },
  );

  const named = fc.array(
    fc.record({ categoryId: fc.uuid(), name: fc.option(fc.constantFrom('A', 'B', 'C', 'Z'), { nil: undefined }) }),
    { maxLength: 40 },
  );
  test.prop([named, fc.integer({ min: 1, max: 9 }), fc.boolean()])(
    'are so though those without the key of the index come last, as they are found',
    async (found, chunkRows, isPlain) => {
      const ports = memoryPorts();
      const kind = 'categories';
      const categories = found.map(
        ({ categoryId, name }): Row => (name === undefined ? { categoryId } : { categoryId, name }),
      );
      const line = (row: Row): Line => ({ row, line: formatRow(row), at: sortKey(kind, row) });
      const byName = categories
        .filter(({ name }) => name !== undefined)
        .sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
      const chunks: ChunkRecord[] = [];
      for (const part of [byName, categories.filter(({ name }) => name === undefined)]) {
        for (let from = 0; from < part.length; from += chunkRows) {
          const lines = part.slice(from, from + chunkRows).map(line);
          chunks.push(await stageChunk(ports, work, { kind, name: `${chunks.length}` }, lines, new OrderFreeDigest()));
        }
      }
      const sorted = categories.map(line).sort((a, b) => compareSortKeys(a.at, b.at));
      const expected = sorted.map((one) => `${one.line}\n`).join('');
      expect(await textOf(inOrder(ports, kind, runsOf(chunks), () => isPlain))).toBe(expected);
    },
  );

  test('of many chunks of few days are cut wherever a day is whole, and few chunks are open at once', async () => {
    const ports = memoryPorts();
    const found = Array.from(
      { length: 400 },
      (_, n): Row => ({
        transactionId: `${(n * 7919) % 401}`,
        date: Math.floor(n / 3) * 86_400_000,
      }),
    );
    const chunks = await staged(ports, found, 10);
    expect(chunks).toHaveLength(40);
    const runs = runsOf(chunks);
    expect(runs.length).toBeGreaterThan(40);
    expect(Math.max(...runs.map(({ parts }) => parts.length))).toBe(2);
    const stored = chunks.reduce((sum, chunk) => sum + chunk.stored, 0);
    expect(runs.reduce((sum, run) => sum + run.stored, 0)).toBeLessThan(stored * 1.1);
    let [opened, read] = [0, 0];
    const counting = {
      ...ports,
      packages: {
        ...ports.packages,
        read: (...key: Parameters<typeof ports.packages.read>) => {
          opened += 1;
          return ports.packages.read(...key);
        },
      },
    };
    for await (const { row } of rowsInOrder(counting, 'transactions', chunks)) {
      read += 1;
      // Not the first row before the last chunk is asked for: a chunk is opened when its days are reached.
      expect(opened * 10, String(row.date)).toBeLessThanOrEqual(read + 20);
    }
    expect([read, opened]).toEqual([400, 40]);
  });

  test('that are not those that were staged are told of before the end', async () => {
    const ports = memoryPorts();
    const found = Array.from({ length: 30 }, (_, n): Row => ({ transactionId: `${n}`, date: n * 86_400_000 }));
    const chunks = await staged(ports, found, 10);
    const [first, second] = chunks;
    const other = ports.packages.objects.get(second?.key ?? '');
    if (!first || !other) throw new Error('too few chunks');
    await ports.packages.put(first.key ?? '', other.bytes);
    for (const isPlain of [true, false]) {
      for (const count of [1, 3, runsOf(chunks).length]) {
        const reading = textOf(inOrder(ports, 'transactions', runsOf(chunks).slice(0, count), () => isPlain));
        await expect(reading).rejects.toThrow(/sha256|line has no end/);
      }
    }
  });
});
