/** The rows of a data file that may be damaged: what is no row is told by its number, and reading goes on behind it. */
import { isUtf8 } from 'node:buffer';
import type { EntityKind } from '../entities.ts';
import { PackageRefused } from '../errors.ts';
import { plainCheck } from '../plain-row.ts';
import { parseRow, type Row } from '../row.ts';
import { refuseUnfit } from '../row-limits.ts';
import { createRowScanner, type RowScanner } from '../row-scanner.ts';
import { fractionOrExponent } from '../rows.ts';
import { Unpackable } from './unpacking.ts';

/** Numbered from 1. `isPlain` if nothing about it needs a closer look. */
export type DamagedRow = { number: number; row: Row; isPlain: boolean } | { number: number; fault: string };

type Bytes = AsyncIterable<Buffer>;
const [newline, carriageReturn, comma] = [0x0a, 0x0d, 0x2c];
const [openBrace, closeBrace] = [0x7b, 0x7d];

/** Some rows at a time. Ends where the bytes end or break; what is not whole there is no row. */
export const damagedRows = async function* (
  bytes: Bytes,
  kind: EntityKind,
  lineBytes: number,
): AsyncGenerator<DamagedRow[]> {
  const reader = createReader(kind, lineBytes);
  try {
    for await (const chunk of bytes) {
      reader.push(chunk);
      yield reader.take();
      if (reader.isOver()) return;
    }
    reader.end(true);
  } catch (error) {
    if (!(error instanceof Unpackable)) throw error;
    reader.end(false);
  }
  yield reader.take();
};

type Reader = {
  push(chunk: Buffer): void;
  /** @param isProper the bytes end here; otherwise the rest of them is missing */
  end(isProper: boolean): void;
  take(): DamagedRow[];
  /** Nothing that follows can be read. */
  isOver(): boolean;
};

const createReader = (kind: EntityKind, lineBytes: number): Reader => {
  const isPlain = plainCheck(kind);
  let found: DamagedRow[] = [];
  let number = 0;
  let mode: 'start' | 'lines' | 'scan' | 'over' = 'start';
  let scanner: RowScanner | undefined;
  let carry: Buffer = Buffer.alloc(0);
  let isTooLong = false;

  const fault = (message: string): void => {
    found.push({ number, fault: message });
  };

  const keep = (text: Buffer): void => {
    number += 1;
    if (!isUtf8(text)) {
      fault('is not UTF-8');
      return;
    }
    const json = text.toString();
    try {
      const row = JSON.parse(json) as Row;
      if (!fractionOrExponent.test(json) && isPlain(row, json)) found.push({ number, row, isPlain: true });
      else {
        const exact = parseRow(json, row);
        refuseUnfit(exact, json);
        found.push({ number, row: exact, isPlain: false });
      }
    } catch (error) {
      // The engine's message would quote the row.
      fault(error instanceof PackageRefused ? error.message : 'is no JSON object');
    }
  };

  const line = (whole: Buffer): void => {
    const text = withoutEnd(whole);
    if (text.length === 0) return;
    if (text.equals(closing)) mode = 'over';
    else keep(text);
  };

  /** A line that is too long for a row is passed over to its end. */
  const byLine = (data: Buffer): void => {
    let at = 0;
    for (let end = data.indexOf(newline, at); end !== -1 && mode === 'lines'; end = data.indexOf(newline, at)) {
      if (isTooLong) isTooLong = false;
      else line(data.subarray(at, end));
      at = end + 1;
    }
    carry = isTooLong ? Buffer.alloc(0) : data.subarray(at);
    if (carry.length <= lineBytes) return;
    number += 1;
    fault(`is longer than ${lineBytes} bytes`);
    isTooLong = true;
    carry = Buffer.alloc(0);
  };

  const scan = (data: Buffer): void => {
    scanner ??= createRowScanner(kind, lineBytes);
    try {
      for (const text of scanner.push(data)) keep(text);
    } catch (error) {
      giveUp(error);
    }
  };

  const giveUp = (error: unknown): void => {
    if (!(error instanceof PackageRefused)) throw error;
    number += 1;
    fault(`and what follows cannot be read: ${error.message}`);
    mode = 'over';
  };

  /** Our own spelling has a row on each line; then what is broken costs its line alone. */
  const begin = (isProper: boolean | undefined): void => {
    const data = withoutMark(carry);
    const opening = openings(kind).find((text) => data.subarray(0, text.length).equals(text));
    const first = opening && data.indexOf(newline, opening.length);
    if (opening && first === -1 && isProper === undefined && data.length <= lineBytes) return;
    if (!opening && isProper === undefined && data.length < longestOpening) return;
    const text = opening && withoutEnd(data.subarray(opening.length, first === -1 ? undefined : first));
    carry = Buffer.alloc(0);
    if (opening && text && (isRow(text) || text.equals(closing))) {
      mode = 'lines';
      byLine(data.subarray(opening.length));
    } else {
      mode = 'scan';
      scan(data);
    }
  };

  const push = (chunk: Buffer): void => {
    if (mode === 'over') return;
    if (mode === 'scan') {
      scan(chunk);
      return;
    }
    const data = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    if (mode === 'lines') byLine(data);
    else {
      carry = data;
      begin(undefined);
    }
  };

  const end = (isProper: boolean): void => {
    if (mode === 'start') begin(isProper);
    const last = withoutEnd(carry);
    if (mode === 'lines' && last.equals(closing)) mode = 'over';
    // A row that ends where the bytes do is whole if it is JSON.
    else if (mode === 'lines' && last.length > 0 && (isProper || isWholeRow(last))) keep(last);
    if (!isProper) return;
    if (mode === 'lines') {
      number += 1;
      fault('and what follows are missing: the list does not end');
    }
    try {
      if (mode === 'scan') scanner?.end();
    } catch (error) {
      giveUp(error);
    }
  };

  const take = (): DamagedRow[] => {
    const taken = found;
    found = [];
    return taken;
  };

  return { push, end, take, isOver: () => mode === 'over' };
};

const closing = Buffer.from(']}');
const longestOpening = 40;

const openings = (kind: EntityKind): Buffer[] =>
  [`{"${kind}":[\n`, `{"${kind}":[\r\n`].map((text) => Buffer.from(text));

const withoutMark = (data: Buffer): Buffer =>
  data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf ? data.subarray(3) : data;

/** A line without its return and its comma. */
const withoutEnd = (line: Buffer): Buffer => {
  const text = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
  return text.at(-1) === comma ? text.subarray(0, -1) : text;
};

const isRow = (text: Buffer): boolean => text[0] === openBrace && text.at(-1) === closeBrace;

const isWholeRow = (text: Buffer): boolean => {
  if (!isRow(text)) return false;
  try {
    JSON.parse(text.toString());
    return true;
  } catch {
    return false;
  }
};
