/** The parts of docs/package-format.md that follow from the code: tables of fields, limits and refusals, and the worked example. */
import { crc32 } from 'node:zlib';
import { defaultLimits, entityKinds, type RefusalCode, refusals } from '../src/index.ts';
import { fieldDescriptions, manifestDescriptions } from './descriptions.ts';
import { type JsonSchema, jsonSchemas, manifestSchemaFile, schemaFiles } from './schemas.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

/** What stands at a path of a schema, with `[]` for the elements of a list, and whether it must be there. */
const fieldAt = (schema: JsonSchema, path: string): { field: JsonSchema; isRequired: boolean } | undefined => {
  let at: JsonSchema | undefined = schema;
  let isRequired = false;
  for (const step of path.split('.')) {
    const name = step.replace('[]', '');
    const holder: JsonSchema | undefined = alternatives(at).find((one) => one.properties?.[name] !== undefined);
    isRequired = ((holder?.required as string[] | undefined) ?? []).includes(name);
    at = holder?.properties?.[name];
    if (at && step.endsWith('[]')) at = alternatives(at).find(({ items }) => items !== undefined)?.items;
    if (!at) return undefined;
  }
  return { field: at, isRequired };
};

const alternatives = (schema: JsonSchema | undefined): JsonSchema[] =>
  schema ? [schema, ...((schema.anyOf as JsonSchema[] | undefined) ?? [])] : [];

const typeText = (schema: JsonSchema): string => {
  const options = alternatives(schema).filter((one) => one.type !== undefined || one.enum !== undefined);
  const texts = options.flatMap((one) => {
    if (Array.isArray(one.enum)) return [one.enum.map((value) => `\`${String(value)}\``).join(', ')];
    return [one.type].flat().map(String);
  });
  return [...new Set(texts)].filter((text) => text !== 'null').join(' or ') || 'any';
};

const fieldTable = (file: string, texts: Readonly<Record<string, string>>): string => {
  const schema = jsonSchemas().get(file) as JsonSchema;
  const rows = Object.entries(texts).map(([path, text]) => {
    const found = fieldAt(schema, path);
    if (!found) throw new Error(`${file}: no field ${path}`);
    return [`\`${path}\``, typeText(found.field), found.isRequired ? 'yes' : '', text];
  });
  return table(['field', 'type', 'required', ''], rows);
};

const entityTables = (): string =>
  entityKinds
    .map(
      (kind) =>
        `### ${kind}\n\n[\`${schemaFiles[kind]}\`](../packages/format/schema/${schemaFiles[kind]})\n\n${fieldTable(schemaFiles[kind], fieldDescriptions[kind])}`,
    )
    .join('\n\n');

const limitTable = (): string => {
  const { uncompressedBytes, entries, manifestBytes, lineBytes } = defaultLimits;
  const number = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');
  return table(
    ['limit', 'default', 'beyond it'],
    [
      ['bytes of all entries, uncompressed', number(uncompressedBytes), '`TOO_LARGE`'],
      ['entries', number(entries), '`TOO_MANY_ENTRIES`'],
      ['bytes of the manifest', number(manifestBytes), '`TOO_LARGE`'],
      ['bytes of one line of a data file', number(lineBytes), '`LINE_TOO_LONG`'],
      ['bytes of one row as DynamoDB counts', number(400 * 1024), '`ROW_TOO_LARGE`'],
      ['levels of objects and lists in a row', '40', '`TOO_DEEP`'],
      ['significant digits of a number; exponents', '38; -130 to 125', '`BAD_NUMBER`'],
      ["bytes of an entry's name", number(1024), '`BAD_ENTRY_NAME`'],
      ['bytes of an LZMA dictionary', number(64 * 2 ** 20), '`TOO_LARGE`'],
    ],
  );
};

/** Codes that no reading of one volume ends in, and those that warn. */
const severity: Partial<Record<RefusalCode, string>> = {
  NOT_READ: 'warning',
  STALE_STATEMENT: 'warning',
  REPAIRED: 'warning',
  NOTHING_SAVED: 'of a repair',
  UNSUPPORTED_VERSION: 'error; a warning for a newer minor version',
  MISSING_CHECKSUM: 'error for data; a warning for files, and where there are no checksums at all',
  MISSING_ENTRY: 'error; in `housef3-2.5` a warning',
  DANGLING_REFERENCE:
    'error; a warning where stated, and in `housef3-2.5` save for the account of a transaction or file map',
  CATEGORY_CYCLE: 'error; a warning where stated',
  BAD_ROW: 'error; a warning where stated',
  COUNT_MISMATCH: 'error; a warning for a count that is missing and for a `fileSize`',
  WRONG_SET: 'error of a set',
  MISSING_VOLUME: 'error of a set',
  DUPLICATE_VOLUME: 'error of a set',
};

const refusalTable = (): string =>
  table(
    ['code', 'the reason', ''],
    Object.entries(refusals).map(([code, reason]) => [`\`${code}\``, reason, severity[code as RefusalCode] ?? 'error']),
  );

/** A ZIP of one stored entry, as simple as one can be: what each byte of a package's archive is. */
const example = (): string => {
  const name = Buffer.from('data/accounts.json');
  const data = Buffer.from('{"accounts":[\n]}\n');
  const crc = crc32(data);
  const numbers = (...fields: [width: 2 | 4, value: number][]): Buffer =>
    Buffer.concat(
      fields.map(([width, value]) =>
        Buffer.from([...Array(width).keys()].map((byte) => (value >>> (8 * byte)) & 0xff)),
      ),
    );
  const common: [2 | 4, number][] = [
    [2, 0],
    [2, 0],
    [2, 0],
    [2, 0x21],
    [4, crc],
    [4, data.length],
    [4, data.length],
    [2, name.length],
    [2, 0],
  ];
  const local = numbers([4, 0x04034b50], [2, 20], ...common);
  const central = numbers(
    [4, 0x02014b50],
    [2, 0x0314],
    [2, 20],
    ...common,
    [2, 0],
    [2, 0],
    [2, 0],
    [4, (0o100644 << 16) >>> 0],
    [4, 0],
  );
  const directory = local.length + name.length + data.length;
  const end = numbers(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, 1],
    [2, 1],
    [4, central.length + name.length],
    [4, directory],
    [2, 0],
  );
  const parts: [Buffer, string][] = [
    [
      local,
      'local header: signature, version 2.0, no flags, method 0 (stored), 1980-01-01, CRC, sizes, lengths of name and extra',
    ],
    [name, 'its name'],
    [data, 'the bytes: an empty data file'],
    [central, 'central header: the same, made by 2.0 of Unix, no comment, disk 0, a regular file, offset 0'],
    [name, 'its name'],
    [end, "end record: disk 0, one entry of one, the directory's size and offset, no comment"],
  ];
  let offset = 0;
  const lines: string[] = [];
  for (const [bytes, text] of parts) {
    lines.push(`        ${text}`);
    for (let at = 0; at < bytes.length; at += 16) {
      const hex = [...bytes.subarray(at, at + 16)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
      lines.push(`${(offset + at).toString(16).padStart(6, '0')}  ${hex}`);
    }
    offset += bytes.length;
  }
  return `\`\`\`\n${lines.join('\n')}\n\`\`\``;
};

const sections: Readonly<Record<string, () => string>> = {
  manifest: () => fieldTable(manifestSchemaFile, manifestDescriptions),
  entities: entityTables,
  limits: limitTable,
  refusals: refusalTable,
  example,
};

/** The document with its sections made anew. Each stands between `<!-- made: NAME -->` and `<!-- end -->`. */
export const filled = (text: string): string => {
  let document = text;
  for (const [name, make] of Object.entries(sections)) {
    const place = new RegExp(`(<!-- made: ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`);
    if (!place.test(document)) throw new Error(`the document has no place for "${name}"`);
    document = document.replace(place, (_, begin: string, end: string) => `${begin}\n${make()}\n\n${end}`);
  }
  return document;
};
