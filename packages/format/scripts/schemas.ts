/** The JSON Schemas of rows and manifest, made of the zod schemas. `node packages/format/scripts/write-docs.ts` writes them. */
import { z } from 'zod';
import { dataEntry, type EntityKind, entityKinds, kindRules } from '../src/index.ts';
import { Manifest } from '../src/manifest.ts';
import { fieldDescriptions, manifestDescriptions } from './descriptions.ts';

export type JsonSchema = { [key: string]: unknown; properties?: Record<string, JsonSchema>; items?: JsonSchema };

/** The schema file of each kind. */
export const schemaFiles: Readonly<Record<EntityKind, string>> = {
  accounts: 'account.schema.json',
  categories: 'category.schema.json',
  file_maps: 'file-map.schema.json',
  transaction_files: 'transaction-file.schema.json',
  transactions: 'transaction.schema.json',
  analytics: 'analytics.schema.json',
};
export const manifestSchemaFile = 'manifest.schema.json';

const decimal = '^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$';
/** zod writes flags of a pattern nowhere. */
const checksum = '^[sS][hH][aA]256:[0-9a-fA-F]{64}$';

/** What a check in code says, as far as JSON Schema has words for it. */
const inOtherWords = (path: string, schema: JsonSchema, money: ReadonlySet<string>): void => {
  if (money.has(path)) schema.pattern = decimal;
  if (path === 'transactionHash') Object.assign(schema, { type: ['integer', 'null'], minimum: 0 });
  if (path === 'transactionHash') delete schema.anyOf;
  const sums = schema.additionalProperties as JsonSchema | undefined;
  if (path === 'checksums' && sums) sums.pattern = checksum;
};

/** Gives every field its description, and what the schema's code asks beyond its types. */
const describe = (
  schema: JsonSchema,
  path: string,
  texts: Readonly<Record<string, string>>,
  money: ReadonlySet<string>,
): void => {
  if (path !== '') {
    const text = texts[path];
    if (text !== undefined) schema.description = text;
    inOtherWords(path, schema, money);
  }
  const inner = [schema, ...((schema.anyOf as JsonSchema[] | undefined) ?? [])];
  for (const { properties, items } of inner) {
    if (items && !Array.isArray(items)) describe(items, `${path}[]`, texts, money);
    for (const [name, field] of Object.entries(properties ?? {}))
      describe(field, path === '' ? name : `${path}.${name}`, texts, money);
  }
};

const made = (
  source: z.ZodType,
  file: string,
  title: string,
  texts: Readonly<Record<string, string>>,
  money: ReadonlySet<string> = new Set(),
): JsonSchema => {
  const schema = z.toJSONSchema(source, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  describe(schema, '', texts, money);
  const { $schema, ...rest } = schema;
  return { $schema, $id: `urn:fzip:package-format:1.0:${file.replace('.schema.json', '')}`, title, ...rest };
};

/** By file name. */
export const jsonSchemas = (): Map<string, JsonSchema> =>
  new Map([
    ...entityKinds.map((kind): [string, JsonSchema] => {
      const { schema, money } = kindRules[kind];
      const [file, title] = [schemaFiles[kind], `A row of ${dataEntry(kind)}`];
      return [file, made(schema, file, title, fieldDescriptions[kind], new Set(Object.keys(money)))];
    }),
    [manifestSchemaFile, made(Manifest, manifestSchemaFile, 'manifest.json of dialect fzip-1.0', manifestDescriptions)],
  ]);
