import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { exact, formatRow, normalDecimal, parseRow, type Row } from '@fzip/format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fromAttributeValue,
  fromAttributeValues,
  toAttributeValue,
  toAttributeValues,
} from '../src/attribute-values.ts';

/** A number as DynamoDB gives it: plain, at most 38 digits, neither leading nor trailing zeros. */
const numberText = fc
  .tuple(fc.boolean(), fc.stringMatching(/^\d{1,38}$/), fc.integer({ min: -20, max: 20 }))
  .map(([negative, digits, power]) => normalDecimal(`${negative ? '-' : ''}${digits}e${power}`));
// `__proto__` is lost by the SDK itself before it could reach us.
const name = fc.string({ maxLength: 8 }).filter((text) => text !== '__proto__');
const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array));
const setOf = <T>(element: fc.Arbitrary<T>, text: (element: T) => string) =>
  fc.uniqueArray(element, { minLength: 1, maxLength: 5, selector: text });

const { value: attribute } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string().map((S) => ({ S })),
    numberText.map((N) => ({ N })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true as const }),
    bytes.map((B) => ({ B })),
    setOf(fc.string(), String).map((SS) => ({ SS })),
    setOf(numberText, String).map((NS) => ({ NS })),
    setOf(bytes, (each) => each.toString('hex')).map((BS) => ({ BS })),
    fc.array(tie('value'), { maxLength: 4 }).map((L) => ({ L })),
    fc
      .dictionary(fc.oneof(name, fc.constantFrom('$dynamodb', 'value')), tie('value'), { maxKeys: 4 })
      .map((M) => ({ M })),
  ),
}));

/** The same value for DynamoDB: the order in a set means nothing. */
const settled = (value: AttributeValue): unknown => {
  if (value.SS) return { SS: [...value.SS].sort() };
  if (value.NS) return { NS: [...value.NS].sort() };
  if (value.BS) return { BS: value.BS.map((each) => Buffer.from(each).toString('hex')).sort() };
  if (value.B) return { B: Buffer.from(value.B).toString('hex') };
  if (value.L) return { L: value.L.map(settled) };
  if (value.M)
    return {
      M: new Map(
        Object.entries(value.M)
          .sort()
          .map(([key, each]) => [key, settled(each)]),
      ),
    };
  return value;
};

describe('attribute values', () => {
  test('any of them survives as a row, and the row as a line of a package', () => {
    fc.assert(
      fc.property(attribute, (value) => {
        const row = fromAttributeValues({ value });
        expect(settled(toAttributeValues(row).value as AttributeValue)).toEqual(settled(value));
        expect(settled(toAttributeValues(parseRow(formatRow(row))).value as AttributeValue)).toEqual(settled(value));
      }),
      { numRuns: 500 },
    );
  });

  test('any row survives as an item, whatever its maps are named', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          name,
          fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)),
        ),
        (texts) => {
          const row = parseRow(`{${Object.entries(texts).map(([key, text]) => `${JSON.stringify(key)}:${text}`)}}`);
          expect(formatRow(fromAttributeValues(toAttributeValues(row)))).toBe(formatRow(row));
        },
      ),
    );
  });

  test('sets and bytes are tagged and sorted, and numbers in them are exact', () => {
    const row = fromAttributeValues({
      texts: { SS: ['b', 'a'] },
      numbers: { NS: ['18446744073709551615', '-3', '20', '9'] },
      bytes: { B: Buffer.from('hello') },
      many: { BS: [Buffer.from('b'), Buffer.from('a')] },
    });
    expect(row).toEqual({
      texts: { $dynamodb: 'SS', value: ['a', 'b'] },
      numbers: { $dynamodb: 'NS', value: [-3, 9, 20, exact('18446744073709551615')] },
      bytes: { $dynamodb: 'B', value: 'aGVsbG8=' },
      many: { $dynamodb: 'BS', value: ['YQ==', 'Yg=='] },
    });
  });

  test('a map that looks like a tag is wrapped in one', () => {
    const looksLikeATag: AttributeValue = { M: { $dynamodb: { S: 'B' }, value: { S: 'aGVsbG8=' } } };
    const value = fromAttributeValue(looksLikeATag);
    expect(value).toEqual({ $dynamodb: 'M', value: { $dynamodb: 'B', value: 'aGVsbG8=' } });
    expect(toAttributeValue({ map: value })).toEqual({ M: { map: looksLikeATag } });
  });

  test.each([
    ['an unknown type', { $dynamodb: 'X', value: 'a' }],
    ['bytes that are no base64', { $dynamodb: 'B', value: 'not base64!' }],
    ['an empty set', { $dynamodb: 'SS', value: [] }],
    ['a set with one element twice', { $dynamodb: 'NS', value: [1, 1] }],
    ['a set of other things', { $dynamodb: 'NS', value: ['1'] }],
    ['something beside it', { $dynamodb: 'B', value: 'YQ==', more: 1 }],
  ] satisfies [string, Row][])('a tag with %s is a map', (_, map) => {
    expect(toAttributeValue(map)).toEqual({ M: toAttributeValues(map) });
  });

  test('a type of attribute that nobody knows is named', () => {
    expect(() => fromAttributeValue({ $unknown: ['Z', 1] })).toThrow('$unknown');
  });
});
