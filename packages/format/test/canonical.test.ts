import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExactNumber, formatValue, parseJson, type Value } from '../src/index.ts';

/** Canonical form as docs/package-format.md words it, as plainly as can be. */
const canonical = (value: Value): string => {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name] as Value)}`);
  return `{${members.join(',')}}`;
};

/** Names that objects put in another place, or that mean something to JavaScript or JSON. */
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom(
    '__proto__',
    '0',
    '1',
    '10',
    '2',
    '01',
    '-1',
    '4294967295',
    '4294967296',
    '',
    'toJSON',
    'rawJSON',
    'a',
    'b',
  ),
);
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom('1.10', '-0', '1e5', '123456789012345678901234567890', '-0.50').map((text) => new ExactNumber(text)),
);
/** `JSON.parse` makes them, so that `__proto__` is an attribute like others. */
const objectOf = (members: readonly (readonly [string, Value])[]): Value =>
  parseJson(`{${members.map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`).join(',')}}`);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 6 }).map(objectOf),
  ),
}));

describe('canonical form', () => {
  test('is the same for any value, names of any kind among it', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(formatValue(one)).toBe(canonical(one));
      }),
      { numRuns: 2_000 },
    );
  });

  test('keeps names that JavaScript moves or takes for something else', () => {
    const text = '{"":0,"10":1,"2":2,"__proto__":{"10":1.10,"9":[{"b":1,"a":2}]},"a":-0.0}';
    expect(formatValue(parseJson(text))).toBe(text.replace('"b":1,"a":2', '"a":2,"b":1'));
  });
});
