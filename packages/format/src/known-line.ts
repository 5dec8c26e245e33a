/**
 * Recognises plain rows by their text alone: a kind's schema as one regular expression over the canonical line. Nearly every row of our
 * own packages is recognised, without a value of it being made; of all others the values are looked at, see plain-row.ts.
 */
import type { z } from 'zod';
import { isDecimal } from './decimal.ts';
import { type EntityKind, entityKinds, isUInt64, kindRules } from './entities.ts';
import { exact, type Row } from './row.ts';
import { textKeys } from './writable.ts';

/** A row of which the text was enough. */
export type KnownLine = {
  id: string;
  /** The row itself, made when it is asked for. */
  row(): Row;
  /** Looks whether something holds for every reference of the row. */
  everyReference(holds: (to: EntityKind, id: string) => boolean): boolean;
};

/** Undefined of whatever is not plainly right: it may be right as well. `line` must come of valid UTF-8. */
export const knownLine = (kind: EntityKind, line: string): KnownLine | undefined => {
  const pattern = patterns[kind];
  if (pattern === undefined || line.length > longest) return undefined;
  const match = pattern.expression.exec(line);
  return match === null ? undefined : new Recognised(pattern, match);
};

/** Of longer rows there are few. */
const longest = 8 * 1024;

type Pattern = {
  expression: RegExp;
  /** Which group holds the id. */
  id: number;
  /** Groups that hold integers of any length. */
  integers: { name: string; group: number }[];
  /** Groups that hold a reference, or a list of which every element holds one behind `key`. */
  references: { to: EntityKind; group: number; key: string | undefined }[];
};

class Recognised implements KnownLine {
  readonly pattern: Pattern;
  readonly match: RegExpExecArray;

  constructor(pattern: Pattern, match: RegExpExecArray) {
    this.pattern = pattern;
    this.match = match;
  }

  get id(): string {
    return this.match[this.pattern.id] as string;
  }

  row(): Row {
    const row = JSON.parse(this.match.input) as Row;
    for (const { name, group } of this.pattern.integers) {
      const digits = this.match[group];
      if (digits !== undefined && digits.length > surelySafe) row[name] = exact(digits);
    }
    return row;
  }

  everyReference(holds: (to: EntityKind, id: string) => boolean): boolean {
    for (const { to, group, key } of this.pattern.references) {
      const text = this.match[group];
      if (text === undefined) continue;
      if (key === undefined ? !holds(to, text) : !everyIn(text, key, (id) => holds(to, id))) return false;
    }
    return true;
  }
}

/** Digits of an integer that a `number` holds whatever they are. */
const surelySafe = 15;
const uuidLength = 36;

/** No text of a recognised row holds a quote, so whatever is spelled like the key is one. */
const everyIn = (list: string, key: string, holds: (id: string) => boolean): boolean => {
  for (let at = list.indexOf(key); at !== -1; at = list.indexOf(key, at)) {
    const start = at + key.length;
    at = start + uuidLength;
    if (!holds(list.slice(start, at))) return false;
  }
  return true;
};

/** One value as a regular expression; undefined of what is not foreseen here. */
type Source = string | undefined;

const money = String.raw`"-?\d{1,20}(?:\.\d{1,18})?"`;
/** From 0 to 18 399 999 999 999 999 999: of the last few the digits would have to be compared. */
const uint64 = String.raw`(?:1[0-7]\d{18}|18[0-3]\d{17}|0|[1-9]\d{0,18})`;
const hex = (digits: number): string => `[0-9a-fA-F]{${digits}}`;
const uuid = [8, 4, 4, 4, 12].map(hex).join('-');
/** Without an escape, whose text is another than it looks. */
const textOf = (least: number, most: number): string =>
  String.raw`"[^"\\\x00-\x1f]{${least},${most === Number.POSITIVE_INFINITY ? '' : most}}"`;

type Bounds = { least: number; most: number };

const patternOfValue = (schema: z.core.$ZodType, key?: Bounds): Source => {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'nullable': {
      const inner = patternOfValue(def.innerType, key);
      return inner && `(?:${inner}|null)`;
    }
    case 'boolean':
      return '(?:true|false)';
    case 'enum':
      return `(?:${Object.values(def.entries)
        .map((value) => escaped(JSON.stringify(value)))
        .join('|')})`;
    case 'custom':
      return 'fn' in def && def.fn === isUInt64 ? uint64 : undefined;
    case 'number':
      return 'format' in def && def.format === 'safeint' ? integerOf(def.checks ?? []) : undefined;
    case 'string':
      if ('format' in def) return def.format === 'guid' ? `"${uuid}"` : undefined;
      return stringOf(schema, def.checks ?? [], key);
    case 'array': {
      const element = patternOfValue(def.element);
      const least = (def.checks ?? []).length === 0;
      return element && least ? String.raw`\[(?:${element}(?:,${element})*)?\]` : undefined;
    }
    case 'object':
      return objectOf(membersOf(def.shape, new Map()));
    default:
      return undefined;
  }
};

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

type Checks = readonly z.core.$ZodCheck<never>[];
type Definition = z.core.$ZodChecks['_zod']['def'] | z.core.$ZodCustomDef;
const definitionsOf = (checks: Checks): Definition[] =>
  checks.map((check) => (check as unknown as z.core.$ZodChecks)._zod.def);

const integerOf = (checks: Checks): Source => {
  let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const def of definitionsOf(checks)) {
    if (def.check === 'greater_than' && def.inclusive) least = Math.max(least, Number(def.value));
    else if (def.check === 'less_than' && def.inclusive) most = Math.min(most, Number(def.value));
    else return undefined;
  }
  if (least === 0 && most === 100) return String.raw`(?:100|[1-9]?\d)`;
  if (most !== Number.POSITIVE_INFINITY) return undefined;
  if (least === 0) return String.raw`(?:0|[1-9]\d{0,14})`;
  return least === Number.NEGATIVE_INFINITY ? String.raw`(?:0|-?[1-9]\d{0,14})` : undefined;
};

const stringOf = (schema: z.core.$ZodType, checks: Checks, key: Bounds = { least: 0, most: Infinity }): Source => {
  let { least, most } = key;
  for (const def of definitionsOf(checks)) {
    if (def.check === 'custom' && def.fn === isDecimal && checks.length === 1) return money;
    const allowed = def.check === 'custom' ? (schema as z.ZodType).meta()?.maxLength : undefined;
    if (def.check === 'min_length') least = Math.max(least, def.minimum);
    // By UTF-16 units, which are never fewer than characters.
    else if (typeof allowed === 'number') most = Math.min(most, allowed);
    else return undefined;
  }
  return textOf(least, most);
};

type Member = { name: string; value: string; isRequired: boolean };

/** In canonical order. What is not foreseen is left out if a row may do without it; else nothing can be recognised. */
const membersOf = (shape: z.core.$ZodShape, keys: ReadonlyMap<string, Bounds>): Member[] | undefined => {
  const members: Member[] = [];
  for (const [name, schema] of Object.entries(shape).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    const isRequired = def.type !== 'optional';
    const value = patternOfValue(def.type === 'optional' ? def.innerType : schema, keys.get(name));
    if (value !== undefined) members.push({ name, value, isRequired });
    else if (isRequired) return undefined;
  }
  return members;
};

/** Commas follow what stands before the first required member, and go before what stands behind it. */
const objectOf = (members: readonly Member[] | undefined): Source => {
  const first = members?.findIndex(({ isRequired }) => isRequired);
  if (members === undefined || first === undefined || first === -1) return undefined;
  const spelled = members.map(({ name, value, isRequired }, place) => {
    const member = `${escaped(JSON.stringify(name))}:${value}`;
    if (place === first) return member;
    return `(?:${place < first ? `${member},` : `,${member}`})${isRequired ? '' : '?'}`;
  });
  return String.raw`\{${spelled.join('')}\}`;
};

const patternOf = (kind: EntityKind): Pattern | undefined => {
  const { schema, id: idName, references } = kindRules[kind];
  const { def } = schema._zod as unknown as z.core.$ZodObject['_zod'];
  const members = membersOf(def.shape, textKeys(kind));
  if (members === undefined || idName === undefined) return undefined;
  const kept = members.filter(({ value }) => value.includes(uuid) || value.includes(uint64));
  const groupOf = (name: string): number => kept.findIndex((member) => member.name === name) + 1;
  const source = objectOf(
    members.map((member) => (groupOf(member.name) === 0 ? member : { ...member, value: captured(member.value) })),
  );
  if (source === undefined || groupOf(idName) === 0) return undefined;
  const held: Pattern['references'] = [];
  for (const { field, to } of references) {
    const [name = '', inner, ...more] = field.split(/\[\]\.|\./);
    const member = members.find((one) => one.name === name);
    // A row that has it is not recognised.
    if (member === undefined) continue;
    // Where references stand in another way, nobody would look at them.
    if (groupOf(name) === 0 || more.length > 0 || (inner !== undefined) !== isList(member.value)) return undefined;
    held.push({ to, group: groupOf(name), key: inner === undefined ? undefined : `${JSON.stringify(inner)}:"` });
  }
  const integers = kept
    .filter(({ value }) => value.includes(uint64))
    .map(({ name }) => ({ name, group: groupOf(name) }));
  return { expression: new RegExp(`^${source}$`), id: groupOf(idName), integers, references: held };
};

const isList = (value: string): boolean => value.includes('\\[');

/** With a group around it: around a list as a whole, around what a text has between its quotes. */
const captured = (value: string): string => {
  if (isList(value)) return `(${value})`;
  return value.replace(uuid, (found) => `(${found})`).replace(uint64, (found) => `(${found})`);
};

const patterns = Object.fromEntries(entityKinds.map((kind) => [kind, patternOf(kind)])) as Record<
  EntityKind,
  Pattern | undefined
>;
