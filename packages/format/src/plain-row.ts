/**
 * Tells rows that are plainly right from those that need a closer look. Of a million rows nearly all are, and a schema that
 * collects what is wrong takes several times what reading the row does. The checks are made of the kind's schema and of the keys
 * of its table's indexes; they only ever say "plain" or "look closer", so what is wrong is still said in one place.
 */
import type { z } from 'zod';
import { type EntityKind, entityKinds, kindRules } from './entities.ts';
import { derivedAttributes } from './normalize.ts';
import { ExactNumber, type Row, type Value } from './row.ts';
import { longestPlainRow } from './row-limits.ts';
import { keyChecks } from './writable.ts';

type Check = (value: unknown) => boolean;
type Field = { check: Check; isNullable: boolean; isRequired: boolean };

/**
 * True if nothing is odd about a row, nothing is to be normalised, and its table takes it. Rows that are not plain may be right as well.
 * @param row as JSON.parse gives it. If it holds one integer beyond a `number`'s reach, that becomes exact
 * @param text the row's JSON, in which no number has a fraction or an exponent
 */
export type PlainCheck = (row: Row, text: string) => boolean;

export const plainCheck = (kind: EntityKind): PlainCheck => checks[kind];

const makeCheck = (kind: EntityKind): PlainCheck => {
  const fieldAt = byPlace(fieldsOf(kind));
  const derived = new Set(derivedAttributes[kind]);
  const required = requiredOf(fieldsOf(kind));
  return (row, text) => {
    // Escapes may spell half a character, or a name in another way than ours.
    if (text.length > longestPlainRow || text.includes('\\u')) return false;
    let missing = required;
    let long = '';
    let longField: Field | undefined;
    let place = 0;
    for (const name in row) {
      const value = row[name] as Value;
      const field = fieldAt(name, place);
      place += 1;
      if (field === undefined && derived.has(name)) return false;
      if (typeof value === 'number' && !Number.isSafeInteger(value)) {
        if (long !== '' || name === '') return false;
        long = name;
        longField = field;
      } else if (field === undefined) {
        if (!isScalar(value)) return false;
      } else if (value === null ? !field.isNullable : !field.check(value)) return false;
      if (field?.isRequired) missing -= 1;
    }
    return missing === 0 && (long === '' || restoreLong(row, long, text, longField));
  };
};

const requiredOf = (fields: ReadonlyMap<string, Field>): number =>
  [...fields.values()].filter(({ isRequired }) => isRequired).length;

/** Finds a field by its name. One row is much like another, so the field that stood there last time is looked at first. */
const byPlace = (fields: ReadonlyMap<string, Field>): ((name: string, place: number) => Field | undefined) => {
  const last: { name: string; field: Field | undefined }[] = [];
  return (name, place) => {
    const seen = last[place];
    if (seen !== undefined && seen.name === name) return seen.field;
    const field = fields.get(name);
    // A row may have any number of attributes.
    if (place < longestShape) last[place] = { name, field };
    return field;
  };
};

const longestShape = 64;

/** Any value that travels as it is, whatever its name. */
const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || value === null || isInteger(value);

/** JSON spells minus zero otherwise than zero, so it is none of them. */
const isInteger = (value: unknown): boolean => Number.isSafeInteger(value) && (value !== 0 || !Object.is(value, -0));

/** Gives the row's only long integer the digits it has in the text, if it is beyond doubt where they stand. */
const restoreLong = (row: Row, name: string, text: string, field: Field | undefined): boolean => {
  // An escape may spell the name in another way.
  if (text.includes('\\')) return false;
  const quoted = `"${name}"`;
  // The last of equal names counts. Within an object its brace would follow.
  const at = text.lastIndexOf(quoted);
  if (at < 1 || text.indexOf('}', at) !== text.length - 1) return false;
  const digits = integerAfter(text, at + quoted.length);
  if (digits.length > longestInteger || Number(digits) !== row[name]) return false;
  const value = new ExactNumber(digits);
  if (field && !field.check(value)) return false;
  row[name] = value;
  return true;
};

/** The sign and digits that follow a colon; empty, and so no such number, if none do. */
const integerAfter = (text: string, colon: number): string => {
  if (text[colon] !== ':') return '';
  const start = colon + 1;
  let end = text[start] === '-' ? start + 1 : start;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return text.slice(start, end);
};

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** With the sign; every table holds so many digits. */
const longestInteger = 38;

const fieldsOf = (kind: EntityKind): Map<string, Field> => {
  const { def } = kindRules[kind].schema._zod as unknown as z.core.$ZodObject['_zod'];
  const fields = new Map<string, Field>();
  for (const [name, schema] of Object.entries(def.shape)) fields.set(name, fieldOf(schema));
  for (const [name, isKey] of keyChecks(kind)) {
    const { check, ...rest } = fields.get(name) ?? { check: isScalar, isNullable: true, isRequired: false };
    // Of money the schema asks the same as the index does.
    if (kindRules[kind].money[name] === undefined)
      fields.set(name, { ...rest, check: (value) => check(value) && isKey(value as Value) });
  }
  return fields;
};

const fieldOf = (schema: z.core.$ZodType): Field => {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'optional') return { ...fieldOf(def.innerType), isRequired: false };
  if (def.type === 'nullable') return { ...fieldOf(def.innerType), isNullable: true };
  return { check: checkOf(schema), isNullable: false, isRequired: true };
};

const never: Check = () => false;

/** Passes no value that the schema would not; of a schema that is not foreseen here, none. */
const checkOf = (schema: z.core.$ZodType): Check => {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const isType = typeCheck(def);
  const more = (def.checks ?? []).map((check) => constraintOf((check as z.core.$ZodChecks)._zod.def));
  return more.reduce((all, next) => (value) => all(value) && next(value), isType);
};

const typeCheck = (def: z.core.$ZodTypes['_zod']['def']): Check => {
  switch (def.type) {
    case 'string':
      if (!('check' in def)) return (value) => typeof value === 'string';
      return 'format' in def && def.format === 'guid' ? isGuid : never;
    case 'number':
      return 'format' in def && def.format === 'safeint' ? isInteger : never;
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'enum': {
      const allowed = new Set<unknown>(Object.values(def.entries));
      return (value) => allowed.has(value);
    }
    case 'custom': {
      const check = constraintOf(def);
      return (value) => !Object.is(value, -0) && check(value);
    }
    case 'array': {
      const check = checkOf(def.element);
      return (value) => Array.isArray(value) && value.every(check);
    }
    case 'object':
      return objectCheck(def.shape);
    default:
      return never;
  }
};

/** Within a row nothing but what the schema knows: what normalising takes away or adds stands there. */
const objectCheck = (shape: z.core.$ZodShape): Check => {
  const fields = new Map(Object.entries(shape).map(([name, schema]) => [name, fieldOf(schema)]));
  const [fieldAt, required] = [byPlace(fields), requiredOf(fields)];
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    let [missing, place] = [required, 0];
    for (const name in value) {
      const field = fieldAt(name, place);
      place += 1;
      const inner = (value as Record<string, unknown>)[name];
      if (!field || (inner === null ? !field.isNullable : !field.check(inner))) return false;
      if (field.isRequired) missing -= 1;
    }
    return missing === 0;
  };
};

const constraintOf = (def: z.core.$ZodChecks['_zod']['def'] | z.core.$ZodCustomDef): Check => {
  switch (def.check) {
    case 'custom':
      return (value) => def.fn(value) === true;
    case 'greater_than':
      return (value) => (def.inclusive ? Number(value) >= Number(def.value) : Number(value) > Number(def.value));
    case 'less_than':
      return (value) => (def.inclusive ? Number(value) <= Number(def.value) : Number(value) < Number(def.value));
    case 'min_length':
      return (value) => (value as { length: number }).length >= def.minimum;
    default:
      return never;
  }
};

const hyphen = 0x2d;
const isHexDigit = Uint8Array.from({ length: 128 }, (_, code) => Number(/[0-9a-f]/i.test(String.fromCharCode(code))));

/** What the schema's pattern says, several times faster. */
const isGuid: Check = (value) => {
  if (typeof value !== 'string' || value.length !== 36) return false;
  for (let at = 0; at < 36; at += 1) {
    const code = value.charCodeAt(at);
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (code !== hyphen) return false;
    } else if (isHexDigit[code] !== 1) return false;
  }
  return true;
};

const checks = Object.fromEntries(entityKinds.map((kind) => [kind, makeCheck(kind)])) as Record<EntityKind, PlainCheck>;
