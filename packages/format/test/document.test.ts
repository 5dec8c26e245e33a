/** The format document and the JSON Schemas say what the code does. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldDescriptions, manifestDescriptions } from '../scripts/descriptions.ts';
import { filled } from '../scripts/document.ts';
import { type JsonSchema, jsonSchemas, manifestSchemaFile, schemaFiles } from '../scripts/schemas.ts';
import {
  bufferSource,
  checkVolume,
  type EntityKind,
  entityKinds,
  formatRow,
  kindRules,
  openVolume,
  type Row,
} from '../src/index.ts';
import { profile } from './arbitraries.ts';
import { manifestOf, pack } from './packing.ts';

const document = fileURLToPath(new URL('../../../docs/package-format.md', import.meta.url));
const folder = fileURLToPath(new URL('../schema/', import.meta.url));
const validator = (file: string) =>
  new Ajv2020({ strict: false, validateFormats: false }).compile(jsonSchemas().get(file) as JsonSchema);

describe('the format document', () => {
  test('has its tables as the code makes them: `node packages/format/scripts/write-docs.ts`', async () => {
    const text = await readFile(document, 'utf8');
    expect(text).toBe(filled(text));
  });

  test('leads to headings that are there', async () => {
    const text = await readFile(document, 'utf8');
    const headings = new Set(
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) => (title ?? '').toLowerCase().replaceAll(' ', '-')),
    );
    const links = [...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !headings.has(link ?? ''))).toEqual([]);
  });

  test('shows an archive that the reader follows from its first byte to its last', async () => {
    const text = await readFile(document, 'utf8');
    const block = /<!-- made: example -->\n+```\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const hex = [...block.matchAll(/^[0-9a-f]{6} {2}(.*)$/gm)].map(([, bytes]) => bytes).join(' ');
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    // It lacks a manifest, and nothing else is wrong with it.
    await expect(openVolume(bufferSource(bytes))).rejects.toMatchObject({
      code: 'MISSING_ENTRY',
      entry: 'manifest.json',
    });
  });
});

describe('the JSON Schemas', () => {
  test('are those that the zod schemas make', async () => {
    const made = jsonSchemas();
    expect((await readdir(folder)).toSorted()).toEqual([...made.keys()].toSorted());
    for (const [file, schema] of made)
      expect(JSON.parse(await readFile(`${folder}${file}`, 'utf8')), file).toEqual(schema);
  });

  test('describe every field', () => {
    for (const kind of entityKinds) {
      const { properties = {} } = jsonSchemas().get(schemaFiles[kind]) as JsonSchema;
      const described = Object.keys(fieldDescriptions[kind]).filter((name) => !/[.[]/.test(name));
      expect(described.toSorted()).toEqual(Object.keys(properties).toSorted());
    }
    const { properties = {} } = jsonSchemas().get(manifestSchemaFile) as JsonSchema;
    const described = Object.keys(manifestDescriptions).filter((name) => !name.includes('.') && !name.includes('['));
    expect(described.toSorted()).toEqual(Object.keys(properties).toSorted());
  });

  test('take every row that the reader takes, and every manifest of our writer', async () => {
    const validate = Object.fromEntries(entityKinds.map((kind) => [kind, validator(schemaFiles[kind])]));
    const validateManifest = validator(manifestSchemaFile);
    await fc.assert(
      fc.asyncProperty(profile, async (whole) => {
        const { zip, written } = await pack(whole);
        expect((await checkVolume(await openVolume(bufferSource(zip)))).intact).toBe(true);
        for (const kind of entityKinds) {
          for (const row of whole.rows[kind]) {
            const text = formatRow(row);
            expect(
              validate[kind]?.(JSON.parse(text)),
              `${kind} ${text} ${JSON.stringify(validate[kind]?.errors)}`,
            ).toBe(true);
          }
        }
        expect(validateManifest(written.manifest), JSON.stringify(validateManifest.errors)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test.each<[EntityKind, Row]>([
    ['accounts', { accountName: 7 }],
    ['accounts', { accountType: 'shoebox' }],
    ['accounts', { accountName: 'x'.repeat(101) }],
    ['transactions', { amount: '12,50' }],
    ['transactions', { amount: 12.5 as unknown as string }],
    ['transactions', { date: -1 }],
    ['transactions', { transactionHash: -1 }],
    ['transactions', { accountId: 'mine' }],
    ['categories', { type: 'HOBBY' }],
    ['file_maps', { mappings: [] }],
  ])('refuse %s with %j, as zod does', (kind, change) => {
    const [row] = fc
      .sample(profile, { numRuns: 200, seed: 1 })
      .flatMap(({ rows }) => rows[kind])
      .filter((found) => kindRules[kind].schema.safeParse(found).success);
    const changed = { ...row, ...change };
    expect(kindRules[kind].schema.safeParse(changed).success).toBe(false);
    const validate = validator(schemaFiles[kind]);
    expect(validate(JSON.parse(formatRow(row as Row)))).toBe(true);
    expect(validate(JSON.parse(JSON.stringify(changed)))).toBe(false);
  });

  test('refuse a manifest whose checksum is none', () => {
    const manifest = manifestOf({ counts: {}, checksums: {}, files: 0, fileBytes: 0, dataBytes: 0 });
    const validate = validator(manifestSchemaFile);
    expect(validate(manifest)).toBe(true);
    expect(validate({ ...manifest, checksums: { 'data/accounts.json': `sha256:${'A'.repeat(64)}` } })).toBe(true);
    expect(validate({ ...manifest, checksums: { 'data/accounts.json': 'sha256:0' } })).toBe(false);
  });
});
