import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lookAt } from '../src/preview/preview.ts';

const format = path.resolve(import.meta.dirname, '../../format/test');
const fileOf = (bytes: Uint8Array, name: string) => new File([new Uint8Array(bytes)], name);
const corpus = (folder: string) =>
  readdirSync(path.join(format, folder))
    .filter((name) => name.endsWith('.fzip'))
    .map((name) => ({ name, bytes: readFileSync(path.join(format, folder, name)) }));

/** What only the server can find: this page reads no more of a package than its directory and its manifest. */
const look = async (bytes: Uint8Array, name = 'package.fzip') => lookAt([fileOf(bytes, name)]);

describe('the preview of a file', () => {
  // LZMA, an offset beyond 4 GiB and the like are the server's; whatever a browser can read, it reads.
  test.each(corpus('accepts').filter(({ name }) => !/LZMA|volume|set/i.test(name)))(
    'reads what the reader accepts: $name',
    async ({ bytes }) => {
      const { volumes, problems } = await look(bytes);
      expect(problems).toEqual([]);
      expect(volumes[0]?.manifest.user_id).toBeTypeOf('string');
    },
  );

  test('refuses some of what the reader refuses, each with its code, and fails at none', async () => {
    const codes = new Set<string>();
    for (const { bytes } of corpus('refuses')) {
      for (const { code, message } of (await look(bytes)).problems) {
        codes.add(code);
        expect(message).not.toBe('');
        expect(code).not.toBe('NOT_READ');
      }
    }
    for (const code of ['TRUNCATED', 'BAD_END_RECORD', 'BAD_MANIFEST', 'UNSUPPORTED_VERSION'])
      expect([...codes]).toContain(code);
  });

  test('ends in time with a verdict, whatever bytes are changed', async () => {
    const [{ bytes } = { bytes: Buffer.alloc(0) }] = corpus('accepts');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(bytes.length),
        async (changes, cut) => {
          const changed = Buffer.from(bytes.subarray(0, cut % 5 === 0 ? cut : bytes.length));
          for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
          const { volumes, problems } = await look(changed);
          expect(volumes.length + problems.length).toBeGreaterThan(0);
          expect(problems.map(({ code }) => code)).not.toContain('NOT_READ');
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([
    ['letter.txt', Buffer.from('PK'), 'NOT_A_ZIP'],
    ['empty.fzip', Buffer.alloc(0), 'TRUNCATED'],
    ['text.fzip', Buffer.from('hello'), 'NOT_A_ZIP'],
  ])('%s', async (name, bytes, code) => {
    expect((await look(bytes, name)).problems).toMatchObject([{ name, code }]);
  });

  test('a file beyond what one upload takes', async () => {
    const [{ bytes } = { bytes: Buffer.alloc(0) }] = corpus('accepts');
    expect((await lookAt([fileOf(bytes, 'a.fzip')], 100)).problems).toMatchObject([{ code: 'TOO_LARGE' }]);
  });
});
