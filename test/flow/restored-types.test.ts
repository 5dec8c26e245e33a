/** What HouseF3 wrote comes back as HouseF3 has it: attribute by attribute, each with its DynamoDB type, file by file. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { kindTables } from '@fzip/aws';
import { entityKinds } from '@fzip/format';
import { loadDump, readDump } from '@fzip/local/dump';
import { describe, expect, test } from 'vitest';
import { expectWhole, type World, world } from './fixture.ts';

type Item = Record<string, AttributeValue>;

/** Every item of a user as DynamoDB itself says it, by kind; attributes in one order, and nothing else changed. */
const items = async (on: World, user: string): Promise<Record<string, string[]>> => {
  const found: Record<string, string[]> = {};
  for (const kind of entityKinds) {
    const { Items = [] } = await on.clients.dynamodb.send(
      new ScanCommand({ TableName: on.config.tables[kindTables[kind].table] }),
    );
    found[kind] = Items.filter(({ userId }) => userId?.S === user)
      .map((item: Item) => JSON.stringify(sorted(item)))
      .sort();
  }
  return found;
};

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted((value as Record<string, unknown>)[name])]));
};

const compat = (name: string): URL => new URL(`../compat/housef3/${name}`, import.meta.url);

describe('a restored package', () => {
  test.each(['real-small-nofiles', 'real-with-files'])(
    'that HouseF3 wrote (%s) gives the items of its tables back, type by type',
    async (name) => {
      const dump = await readDump(compat(`${name}.fzip.tables.json`).pathname);
      const original = await world();
      await loadDump({ clients: original.clients, config: original.config }, dump);
      const on = await world();
      const { job } = await on.restore(dump.userId, await readFile(compat(`${name}.fzip`)));
      expect(job).toMatchObject({ status: 'restore_completed', writing: { idMode: 'preserve' } });
      const [before, after] = [await items(original, dump.userId), await items(on, dump.userId)];
      // The package without files has none of their rows either.
      const isInPackage = (kind: string): boolean => name === 'real-with-files' || kind !== 'transaction_files';
      for (const kind of entityKinds.filter(isInPackage)) {
        // Where the bytes of a file stand is ours to say; its key is looked at below.
        const withoutPlace = (some: string[] = []) => some.map((item) => item.replace(/"s3Key":\{"S":"[^"]*"\},?/, ''));
        expect(withoutPlace(after[kind]), kind).toEqual(withoutPlace(before[kind]));
      }
      expect(after.transactions?.length).toBeGreaterThan(0);
      for (const { fileId, s3Key } of (await on.rows(dump.userId)).transaction_files) {
        expect(String(s3Key).startsWith(`${dump.userId}/${String(fileId)}/`)).toBe(true);
        const expected = dump.files.get(String(fileId));
        if (expected) expect(await buffer(await on.ports.files.read(String(s3Key)))).toEqual(expected);
        else expect(await on.ports.files.head(String(s3Key))).toBeUndefined();
      }
      await expectWhole(on, dump.userId, (await on.backUp(dump.userId)).id);
    },
  );

  test('as the specification words it has each attribute with the type that HouseF3 gives it', async () => {
    const on = await world();
    const { job } = await on.restore('carol', await readFile(compat('specified-format.fzip')));
    expect(job.status).toBe('restore_completed');
    const types: Record<string, Record<string, string>> = {};
    const found = await items(on, 'carol');
    for (const [kind, some] of Object.entries(found)) {
      types[kind] = {};
      for (const item of some)
        for (const [name, value] of Object.entries(JSON.parse(item) as Item))
          types[kind][name] = Object.keys(value)[0] ?? '';
    }
    expect(types).toMatchObject({
      accounts: { accountId: 'S', accountName: 'S', createdAt: 'N', updatedAt: 'N', isActive: 'BOOL', balance: 'S' },
      transactions: { transactionId: 'S', date: 'N', amount: 'N' },
      categories: { categoryId: 'S', name: 'S', createdAt: 'N' },
      file_maps: { fileMapId: 'S', mappings: 'L' },
      transaction_files: { fileId: 'S', uploadDate: 'N', fileSize: 'N' },
    });
  });
});
