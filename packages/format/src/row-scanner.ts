/**
 * Finds the rows of a data file in any spelling of its JSON, byte by byte: `{"X":[…]}` or a bare `[…]`, with any white space.
 * It looks at depth and strings alone; whether a row is JSON its parser says. No more than one row is ever held.
 */
import type { EntityKind } from './entities.ts';
import { PackageRefused } from './errors.ts';
import { deepest, tooDeep } from './row-limits.ts';

/** What may come next. A scanner can begin at any of these, between two rows. */
export type Expecting =
  | 'start'
  | 'key'
  | 'colon'
  | 'array'
  | 'first-row'
  | 'row'
  | 'comma'
  | 'close'
  | 'nothing'
  | 'in-key'
  | 'in-row';

export type RowScanner = {
  /** Takes bytes, gives the rows that end in them, each before what follows it is looked at. @throws PackageRefused (BAD_JSON, LINE_TOO_LONG, TOO_DEEP) */
  push(chunk: Buffer): Iterable<Buffer>;
  /** @throws PackageRefused (BAD_JSON) if the file may not end here */
  end(): void;
};

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const longestKey = 1024;

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** @param expecting where in the file the first byte stands; between rows of `{"X":[` unless told otherwise */
export const createRowScanner = (kind: EntityKind, lineBytes: number, expecting: Expecting = 'start'): RowScanner => {
  let state = expecting;
  let isWrapped = expecting !== 'start';
  let depth = 0;
  let inString = false;
  let escaped = false;
  let begun: Buffer[] = [];
  let begunBytes = 0;

  const keep = (part: Buffer): void => {
    begun.push(part);
    begunBytes += part.length;
    const allowed = state === 'in-key' ? longestKey : lineBytes;
    if (begunBytes > allowed)
      throw new PackageRefused('LINE_TOO_LONG', `a row or key of more than ${allowed} bytes; allowed are ${allowed}`);
  };

  const take = (part: Buffer): Buffer => {
    keep(part);
    const whole = begun.length === 1 ? part : Buffer.concat(begun);
    begun = [];
    begunBytes = 0;
    return whole;
  };

  /** The index after the end of the string or row that stands at `from`, or -1 if it does not end in this chunk. */
  const endOfValue = (chunk: Buffer, from: number): number => {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) {
          inString = false;
          if (depth === 0) return at + 1;
        }
      } else if (byte === quote) inString = true;
      else if (byte === openBrace || byte === openBracket) {
        depth += 1;
        // Before it is parsed: what looks at values one within another has no room for a million levels.
        if (depth > deepest) throw tooDeep();
      } else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1;
        if (depth === 0) return at + 1;
      }
    }
    return -1;
  };

  const unexpected = (byte: number): PackageRefused =>
    new PackageRefused('BAD_JSON', `found "${String.fromCharCode(byte)}" where ${allowedAt[state]} is allowed`);

  /** What follows a byte that is no white space, between values. */
  const next = (byte: number): Expecting => {
    if (state === 'start' && byte === openBracket) return 'first-row';
    if (state === 'start' && byte === openBrace) {
      isWrapped = true;
      return 'key';
    }
    if (state === 'key' && byte === quote) return 'in-key';
    if (state === 'colon' && byte === colon) return 'array';
    if (state === 'array' && byte === openBracket) return 'first-row';
    if ((state === 'row' || state === 'first-row') && byte === openBrace) return 'in-row';
    if (state === 'comma' && byte === comma) return 'row';
    if ((state === 'comma' || state === 'first-row') && byte === closeBracket) return isWrapped ? 'close' : 'nothing';
    if (state === 'close' && byte === closeBrace) return 'nothing';
    throw unexpected(byte);
  };

  const push = function* (chunk: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < chunk.length) {
      if (state !== 'in-row' && state !== 'in-key') {
        const byte = chunk[at] as number;
        if (isSpace(byte)) at += 1;
        else {
          state = next(byte);
          if (state !== 'in-row' && state !== 'in-key') at += 1;
        }
        continue;
      }
      const end = endOfValue(chunk, at);
      if (end === -1) {
        keep(chunk.subarray(at));
        return;
      }
      const value = take(chunk.subarray(at, end));
      at = end;
      const isRow = state === 'in-row';
      if (!isRow) expectKey(kind, value);
      state = isRow ? 'comma' : 'colon';
      if (isRow) yield value;
    }
  };

  const end = (): void => {
    if (state !== 'nothing') throw new PackageRefused('BAD_JSON', `ends where ${allowedAt[state]} is allowed`);
  };

  return { push, end };
};

const allowedAt: Readonly<Record<Expecting, string>> = {
  start: '{ or [',
  key: 'a key',
  'in-key': 'the end of a key',
  colon: ':',
  array: '[',
  'first-row': 'a row or ]',
  row: 'a row',
  'in-row': 'the end of a row',
  comma: ', or ]',
  close: '}',
  nothing: 'nothing',
};

const expectKey = (kind: EntityKind, text: Buffer): void => {
  let key: unknown;
  try {
    key = JSON.parse(text.toString());
  } catch {
    key = undefined;
  }
  if (key !== kind) throw new PackageRefused('BAD_JSON', `the first key is ${text}; allowed is "${kind}"`);
};
