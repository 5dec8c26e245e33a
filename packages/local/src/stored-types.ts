/** Which attributes of HouseF3's tables are numbers. It follows from the schemas and from how money is kept. */
import { type EntityKind, exact, kindRules, normalDecimal, type Row, type Value } from '@fzip/format';
import { z } from 'zod';

/** Attributes that the tables have and the schemas do not: times to live, in seconds. */
const tableNumbers: ReadonlySet<string> = new Set(['expiryDate', 'ttl']);

/** The row with every number, that a dump spelled as a string, as a number. What is no number where one belongs stays. */
export const withNumbers = (kind: EntityKind, row: Row): Row => {
  const { schema, money } = kindRules[kind];
  const typed = (value: Value, type: z.ZodType | undefined, path: string): Value => {
    if (Array.isArray(value)) return value.map((element) => typed(element, elementOf(type), `${path}[]`));
    if (typeof value === 'string') return isStoredNumber(type, path, money) ? asNumber(value) : value;
    if (typeof value !== 'object' || value === null || !(type instanceof z.ZodObject)) return value;
    return fields(value as Row, type, `${path}.`);
  };
  const fields = (map: Row, type: z.ZodObject, before: string): Row =>
    Object.fromEntries(
      Object.entries(map).map(([name, value]) => [name, typed(value, fieldOf(type, name), before + name)]),
    );
  return schema instanceof z.ZodObject ? fields(row, schema, '') : row;
};

const isStoredNumber = (
  type: z.ZodType | undefined,
  path: string,
  money: Readonly<Record<string, 'S' | 'N'>>,
): boolean => {
  const kept = money[path];
  if (kept !== undefined) return kept === 'N';
  // A custom type is the one of unsigned 64-bit integers, which JavaScript has none for.
  return type instanceof z.ZodNumber || type instanceof z.ZodCustom || tableNumbers.has(path);
};

const asNumber = (text: string): Value => {
  for (const spelling of [text, normalDecimal(text)]) {
    try {
      return exact(spelling);
    } catch {
      // A row of a real table may hold what is no number there; it must be backed up as it is.
    }
  }
  return text;
};

const fieldOf = (type: z.ZodObject, name: string): z.ZodType | undefined =>
  Object.hasOwn(type.shape, name) ? present(type.shape[name] as z.ZodType) : undefined;

const elementOf = (type: z.ZodType | undefined): z.ZodType | undefined =>
  type instanceof z.ZodArray ? present(type.element as z.ZodType) : undefined;

/** What a type is when it is neither null nor absent. */
const present = (type: z.ZodType): z.ZodType =>
  type instanceof z.ZodOptional || type instanceof z.ZodNullable ? present(type.unwrap() as z.ZodType) : type;
