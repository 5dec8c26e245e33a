/** Sorts very many rows, for whoever bounds the memory of the thread that this runs in. */
import { tmpdir } from 'node:os';
import { workerData } from 'node:worker_threads';
import { inOrder } from '../src/convert/in-order.ts';
import { parseRow, type Row } from '../src/index.ts';

const { rows } = workerData as { rows: number };

/** Rows as a package has them, each parsed from its text, the last one first. */
const backwards = async function* (): AsyncGenerator<Row> {
  for (let n = rows; n > 0; n -= 1) {
    const attributes = Array.from({ length: 20 }, (_, at) => `"attribute${at}":"${String(n).padStart(12, '0')}"`);
    yield parseRow(`{"transactionId":"${String(n).padStart(36, '0')}","date":${n},${attributes.join(',')}}`);
  }
};

let [found, last] = [0, ''];
for await (const line of inOrder('transactions', backwards(), { folder: tmpdir() })) {
  const id = /"transactionId":"(\d+)"/.exec(line)?.[1] ?? '';
  if (id <= last) throw new Error(`${id} stands after ${last}`);
  [last, found] = [id, found + 1];
}
if (found !== rows) throw new Error(`${found} rows, given were ${rows}`);
