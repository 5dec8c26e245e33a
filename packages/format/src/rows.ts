/** The rows of a data file, streamed. Our own spelling goes by line, any other byte by byte. */
import { isUtf8 } from 'node:buffer';
import type { EntityKind } from './entities.ts';
import { PackageRefused } from './errors.ts';
import { formatRow, parseRow, type Row } from './row.ts';
import { refuseUnfit } from './row-limits.ts';
import { createRowScanner, type Expecting, type RowScanner } from './row-scanner.ts';

/** A row and its text on one line. Of a row that stood on several lines, the text is the canonical one. */
export type RowLine = { row: Row; line: string };

const newline = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Streams the rows of `{"X":[…]}` in flat memory.
 * When the text is wrong the body is still read to its end, so that damaged bytes are reported as such rather than as bad JSON.
 * @throws PackageRefused of what is wrong with the text or a row, and whatever the body fails with
 */
export const readRows = async function* (
  body: AsyncIterable<Buffer>,
  kind: EntityKind,
  lineBytes: number,
): AsyncGenerator<RowLine> {
  const splitter = createSplitter(kind, lineBytes);
  let broken: unknown;
  for await (const chunk of body) {
    if (broken !== undefined) continue;
    try {
      for (const found of splitter.push(chunk)) yield found;
    } catch (error) {
      broken = error;
    }
  }
  if (broken !== undefined) throw broken;
  for (const found of splitter.end()) yield found;
};

type Splitter = { push(chunk: Buffer): Iterable<RowLine>; end(): Iterable<RowLine> };

const createSplitter = (kind: EntityKind, lineBytes: number): Splitter => {
  const opening = [`{"${kind}":[\n`, `{"${kind}":[\r\n`].map((text) => Buffer.from(text));
  const longestOpening = byteOrderMark.length + Math.max(...opening.map((text) => text.length));
  let expecting: Expecting = 'start';
  let carry: Buffer = Buffer.alloc(0);
  let scanner: RowScanner | undefined;
  let rows = 0;

  const found = function* (texts: Iterable<Buffer>): Generator<RowLine> {
    for (const text of texts) {
      rows += 1;
      yield parsed(rows, text);
    }
  };

  /** Reads by line what can be read by line; answers where it could not go on. */
  const byLine = function* (block: Buffer): Generator<RowLine, number> {
    // Decoding a block at once is several times faster than line by line.
    if (!isUtf8(block)) throw new PackageRefused('BAD_TEXT', `bytes after row ${rows} are not UTF-8`);
    let lines = 0;
    for (const full of block.toString().split('\n').slice(0, -1)) {
      const line = full.endsWith('\r') ? full.slice(0, -1) : full;
      const row = lineRow(line, expecting, lineBytes);
      if (row === undefined) {
        if (line !== ']}' || (expecting !== 'comma' && expecting !== 'first-row')) return afterLines(block, lines);
        expecting = 'nothing';
      } else {
        rows += 1;
        expecting = line.endsWith(',') ? 'row' : 'comma';
        yield row;
      }
      lines += 1;
    }
    return block.length;
  };

  const scan = (rest: Buffer): Generator<RowLine> => {
    scanner = createRowScanner(kind, lineBytes, expecting);
    carry = Buffer.alloc(0);
    return found(scanner.push(rest));
  };

  const push = function* (chunk: Buffer): Generator<RowLine> {
    if (scanner) return yield* found(scanner.push(chunk));
    let data = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    if (expecting === 'start') {
      if (data.length < longestOpening) {
        carry = data;
        return;
      }
      data = withoutMark(data);
      const first = opening.find((text) => data.subarray(0, text.length).equals(text));
      if (first === undefined) return yield* scan(data);
      expecting = 'first-row';
      data = data.subarray(first.length);
    }
    const end = data.lastIndexOf(newline) + 1;
    const stopped = yield* byLine(data.subarray(0, end));
    // A line that is not ours, or that is too long to be one row: whoever wrote it, the scanner can read it.
    if (stopped < end || data.length - end > lineBytes) return yield* scan(data.subarray(stopped));
    carry = data.subarray(end);
  };

  const end = function* (): Generator<RowLine> {
    if (!scanner) yield* scan(expecting === 'start' ? withoutMark(carry) : carry);
    scanner?.end();
  };

  return { push, end };
};

const withoutMark = (data: Buffer): Buffer => (data.subarray(0, 3).equals(byteOrderMark) ? data.subarray(3) : data);

/** The offset after so many line ends. */
const afterLines = (block: Buffer, lines: number): number => {
  let at = 0;
  for (let line = 0; line < lines; line += 1) at = block.indexOf(newline, at) + 1;
  return at;
};

/** The row of a line as we write it: a whole object, a comma unless it is the last. Undefined if the line is none. */
const lineRow = (line: string, expecting: Expecting, lineBytes: number): RowLine | undefined => {
  if ((expecting !== 'row' && expecting !== 'first-row') || !line.startsWith('{')) return undefined;
  const text = line.endsWith(',') ? line.slice(0, -1) : line;
  if (!text.endsWith('}') || (text.length * 3 > lineBytes && Buffer.byteLength(text) > lineBytes)) return undefined;
  let row: Row;
  try {
    row = parseRow(text);
  } catch {
    return undefined;
  }
  refuseUnfit(row, text);
  return { row, line: text };
};

const parsed = (number: number, bytes: Buffer): RowLine => {
  if (!isUtf8(bytes)) throw new PackageRefused('BAD_TEXT', `row ${number} is not UTF-8`);
  const text = bytes.toString();
  let row: Row;
  try {
    row = parseRow(text);
  } catch (error) {
    // The engine's message quotes the row, and rows are nobody's business.
    const position = /at position \d+/.exec(String(error))?.[0] ?? '';
    throw new PackageRefused('BAD_JSON', `row ${number} is no JSON object ${position}`.trimEnd());
  }
  refuseUnfit(row, text);
  return { row, line: /[\r\n]/.test(text) ? formatRow(row) : text };
};
