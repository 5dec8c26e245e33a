/** The rows of a data file, streamed. Our own spelling goes by line, any other byte by byte. */
import { isAscii, isUtf8 } from 'node:buffer';
import type { EntityKind } from './entities.ts';
import { PackageRefused } from './errors.ts';
import { levelsOf } from './json-text.ts';
import { type KnownLine, knownLine } from './known-line.ts';
import { plainCheck } from './plain-row.ts';
import { formatRow, parseRow, type Row } from './row.ts';
import { deepest, refuseUnfit } from './row-limits.ts';
import { createRowScanner, type Expecting, type RowScanner } from './row-scanner.ts';

/**
 * A row and its text on one line. Of a row that stood on several lines, the text is the canonical one; `found` is the same.
 * `isPlain` if nothing about it needs a closer look, see plain-row.ts; `known` if its text was enough to tell: such a row is
 * made when it is asked for.
 */
export type RowLine = { row: Row; line: string; found: string; isPlain: boolean; known?: KnownLine };

class KnownRow implements RowLine {
  readonly line: string;
  readonly known: KnownLine;
  readonly isPlain = true;
  #row: Row | undefined;

  constructor(line: string, known: KnownLine) {
    this.line = line;
    this.known = known;
  }

  get found(): string {
    return this.line;
  }

  get row(): Row {
    this.#row ??= this.known.row();
    return this.#row;
  }
}

const [newline, carriageReturn, comma] = [0x0a, 0x0d, 0x2c];
const [openBrace, closeBrace] = [0x7b, 0x7d];
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const closing = Buffer.from(']}');

/**
 * Streams the rows of `{"X":[…]}` in flat memory, in batches: a step of an async iteration would cost a row more than its checks.
 * When the text is wrong the body is still read to its end, so that damaged bytes are reported as such rather than as bad JSON.
 * @throws PackageRefused of what is wrong with the text or a row, and whatever the body fails with
 */
export const readRows = async function* (
  body: AsyncIterable<Buffer>,
  kind: EntityKind,
  lineBytes: number,
): AsyncGenerator<RowLine[]> {
  const splitter = createSplitter(kind, lineBytes);
  let broken: { error: unknown } | undefined;
  const attempt = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      broken = { error };
    }
  };
  for await (const chunk of body) {
    if (broken) continue;
    attempt(() => splitter.push(chunk));
    const rows = splitter.take();
    if (rows.length > 0) yield rows;
  }
  if (!broken) attempt(splitter.end);
  const rows = splitter.take();
  if (rows.length > 0) yield rows;
  if (broken) throw broken.error;
};

/** `take` gives the rows found since it was asked last, also after one of the others threw. */
type Splitter = { push(chunk: Buffer): void; end(): void; take(): RowLine[] };

const createSplitter = (kind: EntityKind, lineBytes: number): Splitter => {
  const opening = [`{"${kind}":[\n`, `{"${kind}":[\r\n`].map((text) => Buffer.from(text));
  const longestOpening = byteOrderMark.length + Math.max(...opening.map((text) => text.length));
  const isPlain = plainCheck(kind);
  let expecting: Expecting = 'start';
  let carry: Buffer = Buffer.alloc(0);
  let scanner: RowScanner | undefined;
  let rows = 0;
  let found: RowLine[] = [];

  const keep = (texts: Iterable<Buffer>): void => {
    for (const text of texts) {
      rows += 1;
      found.push(parsed(rows, text));
    }
  };

  /** Reads by line what can be read by line; answers where it could not go on. */
  const byLine = (block: Buffer): number => {
    if (!isUtf8(block)) {
      // The lines before it are handed on, so that what comes before the verdict does not depend on how the bytes were cut.
      const bad = startOfBadLine(block);
      const stopped = byLine(block.subarray(0, bad));
      if (stopped === bad) throw new PackageRefused('BAD_TEXT', `bytes after row ${rows} are not UTF-8`);
      return stopped;
    }
    // A character a byte, so that places in it are places in the block.
    const text = block.toString('latin1');
    const wide = isAscii(block) ? () => false : beyondAscii(text);
    for (let at = 0; at < block.length; ) {
      const lineEnd = text.indexOf('\n', at);
      const end = text.charCodeAt(lineEnd - 1) === carriageReturn ? lineEnd - 1 : lineEnd;
      const hasComma = text.charCodeAt(end - 1) === comma;
      const rowEnd = hasComma ? end - 1 : end;
      const isRow = mayBeRow(text, at, rowEnd);
      const line = isRow ? (wide(at, rowEnd) ? block.toString('utf8', at, rowEnd) : text.slice(at, rowEnd)) : '';
      const row = isRow ? lineRow(line) : undefined;
      if (row !== undefined) {
        rows += 1;
        expecting = hasComma ? 'row' : 'comma';
        found.push(row);
      } else if (isClosing(block, at, end)) expecting = 'nothing';
      else return at;
      at = lineEnd + 1;
    }
    return block.length;
  };

  /** A whole object on a line, as we write it. */
  const mayBeRow = (text: string, start: number, end: number): boolean =>
    (expecting === 'row' || expecting === 'first-row') &&
    end - start <= lineBytes &&
    text.charCodeAt(start) === openBrace &&
    text.charCodeAt(end - 1) === closeBrace;

  const isClosing = (block: Buffer, start: number, end: number): boolean =>
    (expecting === 'comma' || expecting === 'first-row') && block.subarray(start, end).equals(closing);

  const lineRow = (text: string): RowLine | undefined => {
    const known = knownLine(kind, text);
    if (known) return new KnownRow(text, known);
    // What a later value of the same name overwrites counts too; the scanner says so.
    if (levelsOf(text) > deepest) return undefined;
    let row: Row;
    try {
      row = JSON.parse(text) as Row;
      if (!fractionOrExponent.test(text) && isPlain(row, text)) return { row, line: text, found: text, isPlain: true };
      row = parseRow(text, row);
    } catch {
      return undefined;
    }
    refuseUnfit(row, text);
    return { row, line: text, found: text, isPlain: false };
  };

  const scan = (rest: Buffer): void => {
    scanner = createRowScanner(kind, lineBytes, expecting);
    carry = Buffer.alloc(0);
    keep(scanner.push(rest));
  };

  const push = (chunk: Buffer): void => {
    if (scanner) {
      keep(scanner.push(chunk));
      return;
    }
    let data = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    if (expecting === 'start') {
      if (data.length < longestOpening) {
        carry = data;
        return;
      }
      data = withoutMark(data);
      const first = opening.find((text) => data.subarray(0, text.length).equals(text));
      if (first === undefined) {
        scan(data);
        return;
      }
      expecting = 'first-row';
      data = data.subarray(first.length);
    }
    const end = data.lastIndexOf(newline) + 1;
    const stopped = byLine(data.subarray(0, end));
    // A line that is not ours, or that is too long to be one row: whoever wrote it, the scanner can read it.
    if (stopped < end || data.length - end > lineBytes) scan(data.subarray(stopped));
    else carry = data.subarray(end);
  };

  const end = (): void => {
    if (!scanner) scan(expecting === 'start' ? withoutMark(carry) : carry);
    scanner?.end();
  };

  const take = (): RowLine[] => {
    const taken = found;
    found = [];
    return taken;
  };

  return { push, end, take };
};

const startOfBadLine = (block: Buffer): number => {
  for (let at = 0; at < block.length; ) {
    const end = block.indexOf(newline, at) + 1;
    if (!isUtf8(block.subarray(at, end))) return at;
    at = end;
  }
  return block.length;
};

/** Tells whether a stretch of a text holds a character beyond ASCII. Asked from left to right. */
const beyondAscii = (text: string): ((start: number, end: number) => boolean) => {
  const pattern = /[^\0-\x7f]/g;
  const following = (from: number): number => {
    pattern.lastIndex = from;
    return pattern.exec(text)?.index ?? text.length;
  };
  let next = following(0);
  return (start, end) => {
    if (next < start) next = following(start);
    return next < end;
  };
};

/** A number with a fraction or an exponent, by what follows it; texts may be found too, which costs only time. */
export const fractionOrExponent = /\d[.eE][-+]?\d+\s*[,}\]]/;

const withoutMark = (data: Buffer): Buffer => (data.subarray(0, 3).equals(byteOrderMark) ? data.subarray(3) : data);

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
  const line = /[\r\n]/.test(text) ? formatRow(row) : text;
  return { row, line, found: line, isPlain: false };
};
