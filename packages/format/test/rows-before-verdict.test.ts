/** Which rows come before a verdict, and the verdict, do not depend on how the bytes were cut. */
import { expect, test } from 'vitest';
import { PackageRefused } from '../src/index.ts';
import { readRows } from '../src/rows.ts';

const outcome = async (bytes: Buffer, chunk: number): Promise<string[]> => {
  const found: string[] = [];
  const body = (async function* () {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  })();
  try {
    for await (const rows of readRows(body, 'accounts', 100)) found.push(...rows.map(({ line }) => line));
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    found.push(`${error.code} ${error.message}`);
  }
  return found;
};

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

test.each<[string, Buffer, string]>([
  ['a row that is none', latin1('{"accounts":[{"a":1},{"a":2},7]}'), 'BAD_JSON'],
  ['a missing comma', latin1('[ {"a":1} , {"a":2} {"a":3} ]'), 'BAD_JSON'],
  ['a row that is too long', latin1(`[{"a":1},\n{"a":2},{"a":"${'x'.repeat(200)}"}]`), 'LINE_TOO_LONG'],
  ['a row that is too deep', latin1(`[{"a":1},{"a":2},{"a":${'['.repeat(41)}`), 'TOO_DEEP'],
  ['bytes that are no UTF-8', latin1('[{"a":1},{"a":2},{"a":"\xff"},7]'), 'BAD_TEXT'],
  ['such bytes on a line', latin1('{"accounts":[\n{"a":1},\n{"a":2},\n{"a":"\xff"},\n7\n]}'), 'BAD_TEXT'],
])('two rows come before %s, whatever the chunks', async (_name, bytes, code) => {
  const whole = await outcome(bytes, bytes.length);
  expect(whole.slice(0, 2)).toEqual(['{"a":1}', '{"a":2}']);
  expect(whole[2]).toMatch(new RegExp(`^${code} `));
  for (let chunk = 1; chunk < bytes.length; chunk += 1) expect(await outcome(bytes, chunk), `${chunk}`).toEqual(whole);
});
