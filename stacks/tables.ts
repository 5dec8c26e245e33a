/** Tables: the jobs, those that round trips restore to, and HouseF3's unless there is a HouseF3. */
import { keyAttributes, type TableName, tableNames, tableRules } from '../packages/core/src/stores.ts';
import type { Encryption } from './encryption.ts';
import { arnOf, idOf, isProduction, nameOf } from './names.ts';
import type { Settings } from './settings.ts';

type Table = { name: $util.Output<string>; arn: $util.Output<string> };

export const tables = ({ key }: Encryption, settings: Settings): Readonly<Record<TableName, Table>> =>
  Object.fromEntries(
    tableNames.map((table): [TableName, Table] => {
      const hosts: { [table in TableName]?: string } = settings.host?.tables ?? {};
      const name = hosts[table];
      if (name !== undefined) return [table, { name: $output(name), arn: arnOf('dynamodb', `table/${name}`) }];
      return [table, tableOf(table, key)];
    }),
  ) as Record<TableName, Table>;

const types = { S: 'string', N: 'number', B: 'binary' } as const;

const tableOf = (table: TableName, key: Encryption['key']): Table => {
  const rules = tableRules[table];
  const dashed = table.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const [hashKey, rangeKey] = rules.key;
  // What is in them is a copy, and gone within the hour.
  const isScratch = table.startsWith('scratch');
  const made = new sst.aws.Dynamo(`${idOf(dashed)}Rows`, {
    fields: Object.fromEntries(keyAttributes(rules).map(({ name, type }) => [name, types[type]])),
    primaryIndex: { hashKey, ...(rangeKey === undefined ? {} : { rangeKey }) },
    globalIndexes: Object.fromEntries(
      Object.entries(rules.indexes).map(([name, [hash, range]]) => [
        name,
        { hashKey: hash, ...(range === undefined ? {} : { rangeKey: range }), projection: 'all' as const },
      ]),
    ),
    ...(rules.ttl === undefined ? {} : { ttl: rules.ttl }),
    deletionProtection: isProduction() && !isScratch,
    transform: {
      table: {
        name: nameOf(dashed),
        billingMode: 'PAY_PER_REQUEST',
        pointInTimeRecovery: { enabled: !isScratch },
        serverSideEncryption: { enabled: true, kmsKeyArn: key.arn },
      },
    },
  });
  return { name: made.name, arn: made.arn };
};

export type Tables = ReturnType<typeof tables>;
