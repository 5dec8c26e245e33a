/** IAM statements of what a function uses. Resources are named here and get their ARNs in `functions.ts`. */
import { scratchTables, type TableName, tableRules } from '../packages/core/src/stores.ts';
import { type FunctionName, type Step, topology } from '../packages/core/src/topology.ts';
import { type HostTable, type ObjectMethod, type Prefix, type ProfileUses, type Uses, uses } from './permissions.ts';

/** One resource, or the part of one that is meant. */
export type Resource =
  | { table: TableName; index?: string }
  | { bucket: 'packages' | 'files' }
  | { objects: 'packages' | 'files'; prefix: Prefix | '' }
  | { queue: Step }
  | { deadLetters: Step }
  | { topic: 'events' }
  | { key: 'own' | 'host' }
  | { logsOf: FunctionName }
  | { anything: 'X-Ray' };

export type Statement = {
  actions: string[];
  resources: Resource[];
  /** AWS services through which alone a key may be used. */
  via?: Service[];
};

type Service = 's3' | 'sqs' | 'sns' | 'dynamodb';

/** Why a resource of a statement ends with, or is, a wildcard. There are no others, and none among actions. */
export const wildcards: Readonly<Record<string, string>> = {
  'arn:aws:s3:::{packages bucket}/{staging|uploads|packages|scratch}/*':
    'S3 has no smaller unit than a prefix: keys hold the ids of users and jobs, which are not known before there is a job.',
  'arn:aws:s3:::{file storage bucket}/*': 'the keys of files begin with the id of their user.',
  'arn:aws:logs:{region}:{account}:log-group:{own}:*': 'a log stream is made for each instance of the function.',
  '*': 'X-Ray knows no resources: xray:PutTraceSegments and xray:PutTelemetryRecords take nothing else.',
};

/** What a method of JobStore or Ledger calls, on the table or on one of its indexes. */
const jobActions: Readonly<Record<string, readonly string[]>> = {
  find: ['GetItem'],
  create: ['PutItem'],
  change: ['UpdateItem'],
  report: ['UpdateItem'],
  announce: ['UpdateItem'],
  list: ['Query UserIdIndex'],
  count: ['Query UserIdIndex'],
  withStatus: ['Query StatusIndex'],
  delete: ['DeleteItem'],
  put: ['PutItem', 'GetItem'],
  get: ['GetItem'],
  range: ['BatchGetItem'],
  mark: ['UpdateItem'],
  lease: ['PutItem'],
  release: ['DeleteItem'],
  leaseUntil: ['GetItem'],
  tally: ['UpdateItem', 'GetItem'],
  blame: ['PutItem'],
  blamed: ['GetItem'],
  lockProfile: ['PutItem', 'GetItem'],
  unlockProfile: ['DeleteItem'],
  takeTurn: ['UpdateItem'],
  remember: ['PutItem'],
  recall: ['GetItem'],
  bury: ['PutItem'],
};

/** The index by which a user's rows are listed, and the other one where `unindexed` looks. */
const listed = (table: HostTable): string => (table === 'analyticsData' ? 'UserAnalyticsIndex' : 'UserIdIndex');
const otherwise: { [table in HostTable]?: string } = {
  transactions: 'AccountAmountIndex',
  categories: 'UserIdParentCategoryIdIndex',
};

const profileActions: Readonly<Record<keyof ProfileUses, (table: HostTable) => string>> = {
  page: (table) => `Query ${listed(table)}`,
  count: (table) => `Query ${listed(table)}`,
  span: (table) => `Query ${listed(table)}`,
  unindexed: (table) => `Query ${otherwise[table]}`,
  get: () => 'BatchGetItem',
  putOwn: () => 'PutItem',
  putFresh: () => 'BatchWriteItem',
  deleteOwn: () => 'DeleteItem',
  markAnalyticsStale: () => 'UpdateItem',
};

/** Of the objects, or of the bucket. Without ListBucket S3 answers 403 and not 404 for what is missing. */
const objectActions: Readonly<Record<ObjectMethod, { objects?: readonly string[]; bucket?: readonly string[] }>> = {
  put: { objects: ['s3:PutObject'] },
  upload: { objects: ['s3:PutObject', 's3:AbortMultipartUpload'] },
  head: { objects: ['s3:GetObject'], bucket: ['s3:ListBucket'] },
  read: { objects: ['s3:GetObject'], bucket: ['s3:ListBucket'] },
  copyFrom: { objects: ['s3:GetObject'], bucket: ['s3:ListBucket'] },
  copyTo: { objects: ['s3:PutObject'] },
  versions: { bucket: ['s3:ListBucketVersions'] },
  everyVersion: { bucket: ['s3:ListBucketVersions'] },
  deleteVersion: { objects: ['s3:DeleteObjectVersion'] },
  list: { bucket: ['s3:ListBucket'] },
  folders: { bucket: ['s3:ListBucket'] },
  delete: { objects: ['s3:DeleteObject'] },
  unfinished: { bucket: ['s3:ListBucketMultipartUploads'] },
  abort: { objects: ['s3:AbortMultipartUpload'] },
  presignGet: { objects: ['s3:GetObject'] },
  presignPost: { objects: ['s3:PutObject'] },
};

/** One thing allowed on one resource. */
type Grant = { action: string; resource: Resource };

const jobGrants = (methods: Uses['jobs'] = []): Grant[] =>
  methods.flatMap((method) => (jobActions[method] ?? []).map((action) => tableGrant('jobs', action)));

const tableGrant = (table: TableName, action: string): Grant => {
  const [name = '', index] = action.split(' ');
  if (index !== undefined && !Object.hasOwn(tableRules[table].indexes, index)) {
    throw new Error(`the table ${table} has no index ${index}`);
  }
  return { action: `dynamodb:${name}`, resource: { table, ...(index === undefined ? {} : { index }) } };
};

const profileGrants = (methods: ProfileUses = {}, nameOf: (table: HostTable) => TableName): Grant[] =>
  (Object.entries(methods) as [keyof ProfileUses, readonly HostTable[]][]).flatMap(([method, tables]) =>
    tables.map((table) => tableGrant(nameOf(table), profileActions[method](table))),
  );

const objectGrants = (bucket: 'packages' | 'files', prefix: Prefix | '', methods: readonly ObjectMethod[]): Grant[] =>
  methods.flatMap((method) => [
    ...(objectActions[method].objects ?? []).map((action) => ({ action, resource: { objects: bucket, prefix } })),
    ...(objectActions[method].bucket ?? []).map((action) => ({ action, resource: { bucket } })),
  ]);

const isStep = (name: FunctionName): name is Step => Object.hasOwn(topology, name);

/** What an event source mapping does in a function's name. */
const receiving = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];

const queueGrants = (name: FunctionName): Grant[] => {
  const receives = (resource: Resource) => receiving.map((action) => ({ action, resource }));
  return [
    ...(uses[name].sends ?? []).map((queue) => ({ action: 'sqs:SendMessage', resource: { queue } })),
    ...(isStep(name) ? receives({ queue: name }) : []),
    ...(name === 'dead-letter'
      ? (Object.keys(topology) as Step[]).flatMap((deadLetters) => receives({ deadLetters }))
      : []),
  ];
};

const logAndTrace = (name: FunctionName): Grant[] => [
  ...['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({ action, resource: { logsOf: name } })),
  ...['xray:PutTraceSegments', 'xray:PutTelemetryRecords'].map((action) => ({
    action,
    resource: { anything: 'X-Ray' as const },
  })),
];

/** Everything that a function may do, but for the key. */
export const grantsOf = (name: FunctionName): Grant[] => {
  const { jobs, profile, scratch, packages = {}, files = [], publishes = false } = uses[name];
  return [
    ...jobGrants(jobs),
    ...profileGrants(profile, (table) => table),
    ...profileGrants(scratch, (table) => scratchTables[table as keyof typeof scratchTables]),
    ...(Object.entries(packages) as [Prefix, readonly ObjectMethod[]][]).flatMap(([prefix, methods]) =>
      objectGrants('packages', prefix, methods),
    ),
    ...objectGrants('files', '', files),
    ...queueGrants(name),
    ...(publishes ? [{ action: 'sns:Publish', resource: { topic: 'events' as const } }] : []),
    ...logAndTrace(name),
  ];
};

/**
 * What the services ask of the key in a function's name, and nothing outside of them. DynamoDB asks for as much as it does of whoever
 * writes to a table under a customer's key; S3, SQS and SNS make a data key to write, and take one apart to read or to go on writing.
 */
const keyActions: { [action: string]: { service: Service; actions: string[] } } = {
  ...Object.fromEntries(
    ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'].map((action) => [
      action,
      { service: 'dynamodb', actions: ['kms:Decrypt', 'kms:DescribeKey'] },
    ]),
  ),
  ...Object.fromEntries(
    ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'].map((action) => [
      action,
      {
        service: 'dynamodb',
        actions: [
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ],
      },
    ]),
  ),
  's3:GetObject': { service: 's3', actions: ['kms:Decrypt'] },
  's3:PutObject': { service: 's3', actions: ['kms:Decrypt', 'kms:GenerateDataKey'] },
  'sqs:ReceiveMessage': { service: 'sqs', actions: ['kms:Decrypt'] },
  'sqs:SendMessage': { service: 'sqs', actions: ['kms:Decrypt', 'kms:GenerateDataKey'] },
  'sns:Publish': { service: 'sns', actions: ['kms:Decrypt', 'kms:GenerateDataKey'] },
};

/** A role's policies hold 10 240 characters, so what may be done on the same resources is one statement. */
export const policyOf = (name: FunctionName): Statement[] => {
  const grants = grantsOf(name);
  return [...byResources(grants), ...keyStatements(grants)];
};

const byResources = (grants: readonly Grant[]): Statement[] => {
  const actionsOn = new Map<string, Set<string>>();
  for (const { action, resource } of grants) {
    const key = JSON.stringify(resource);
    actionsOn.set(key, (actionsOn.get(key) ?? new Set()).add(action));
  }
  const statements = new Map<string, Statement>();
  for (const [key, actions] of actionsOn) {
    const sorted = [...actions].sort();
    const same = statements.get(sorted.join()) ?? { actions: sorted, resources: [] };
    same.resources.push(JSON.parse(key));
    statements.set(sorted.join(), same);
  }
  return [...statements.values()];
};

/** HouseF3's own tables and files may be under a key of its own. */
const isHosts = (resource: Resource): boolean =>
  ('table' in resource && resource.table !== 'jobs' && !resource.table.startsWith('scratch')) ||
  ('objects' in resource && resource.objects === 'files');

const keyStatements = (grants: readonly Grant[]): Statement[] =>
  (['own', 'host'] as const).flatMap((key) => {
    const asked = grants
      .filter(({ resource }) => key === 'own' || isHosts(resource))
      .flatMap(({ action }) => keyActions[action] ?? []);
    return (['dynamodb', 's3', 'sqs', 'sns'] as const).flatMap((service) => {
      const actions = [...new Set(asked.filter((each) => each.service === service).flatMap((each) => each.actions))];
      return actions.length === 0 ? [] : [{ actions: actions.sort(), resources: [{ key }], via: [service] }];
    });
  });
