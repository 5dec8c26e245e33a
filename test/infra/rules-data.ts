/** Rules of what keeps data: buckets, tables, and the key that they are under. */
import { keyAttributes, type TableName, tableNames, tableRules, times, uploads } from '@fzip/core';
import { differs } from './expect-equal.ts';
import type { Rule } from './rules.ts';
import type { Seen, View } from './view.ts';

const day = 24 * 60 * 60 * 1000;

const keyArn = (view: View): string =>
  `arn:aws:kms:eu-west-1:111122223333:key/key-${view.all('aws:kms/key:Key')[0]?.name}`;

const eachBucket = (rule: (bucket: Seen, view: View) => string[]): Rule => {
  return (view) => {
    const buckets = view.all('aws:s3/bucket:Bucket');
    return buckets.length === 0 ? ['there is no bucket'] : buckets.flatMap((bucket) => rule(bucket, view));
  };
};

const dashed = (table: TableName): string => table.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const rulesOfData: Readonly<Record<string, Rule>> = {
  'buckets are private': eachBucket((bucket, view) => [
    ...differs(
      `the block of public access of ${bucket.name}`,
      view
        .of('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock', bucket)
        .map(({ inputs }) => [
          inputs.blockPublicAcls,
          inputs.blockPublicPolicy,
          inputs.ignorePublicAcls,
          inputs.restrictPublicBuckets,
        ]),
      [[true, true, true, true]],
    ),
    ...differs(
      `the ownership of ${bucket.name}`,
      view.of('aws:s3/bucketOwnershipControls:BucketOwnershipControls', bucket).map(({ inputs }) => inputs.rule),
      [{ objectOwnership: 'BucketOwnerEnforced' }],
    ),
  ]),

  'buckets take TLS alone': eachBucket((bucket, view) => {
    const arn = `arn:aws:s3:::${bucket.inputs.bucket}`;
    const denied = view
      .policies()
      .flatMap(({ statements }) => statements)
      .filter(({ Effect, Condition }) => Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] !== undefined)
      .flatMap(({ Resource }) => Resource);
    return [arn, `${arn}/*`]
      .filter((each) => !denied.includes(each))
      .map((each) => `${each} takes requests without TLS`);
  }),

  'buckets are under the key': eachBucket((bucket, view) =>
    differs(
      `the encryption of ${bucket.name}`,
      view
        .of('aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration', bucket)
        .flatMap(({ inputs }) => inputs.rules),
      [
        {
          applyServerSideEncryptionByDefault: { kmsMasterKeyId: keyArn(view), sseAlgorithm: 'aws:kms' },
          bucketKeyEnabled: true,
        },
      ],
    ),
  ),

  'packages have no versions, files of HouseF3 have': (view) => {
    const versions = view
      .all('aws:s3/bucketVersioning:BucketVersioning')
      .map(({ inputs }) => [inputs.bucket, inputs.versioningConfiguration.status]);
    const files = view.bucket('files');
    return differs('versioning', versions, files ? [[files.inputs.bucket, 'Enabled']] : []);
  },

  'S3 deletes at last what the sweep did not': eachBucket((bucket, view) => {
    const lifecycles = view
      .of('aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration', bucket)
      .flatMap(({ inputs }) => inputs.rules as Seen['inputs'][]);
    const expires = Object.fromEntries(
      lifecycles.flatMap(({ filter, expiration }) => (expiration ? [[filter.prefix, expiration.days]] : [])),
    );
    const unfinished = lifecycles.flatMap(({ filter, abortIncompleteMultipartUpload: abort }) =>
      abort ? [[filter, abort.daysAfterInitiation]] : [],
    );
    const kept = times.backupKeptAtMost / day + 14;
    const expected = { 'staging/': 14, 'uploads/': 14, 'scratch/': 14, 'packages/': kept };
    return [
      ...differs(`unfinished uploads of ${bucket.name}`, unfinished, [[{ prefix: '' }, 2]]),
      ...differs(`the ends of ${bucket.name}`, expires, bucket === view.bucket('packages') ? expected : {}),
    ];
  }),

  'pages of the web origins upload and download, and no others': (view) =>
    differs(
      'CORS of buckets',
      view
        .all('aws:s3/bucketCorsConfiguration:BucketCorsConfiguration')
        .map(({ inputs }) => [
          inputs.bucket === view.bucket('packages')?.inputs.bucket,
          inputs.corsRules[0].allowedMethods,
          inputs.corsRules[0].allowedOrigins.some((origin: string) => origin.includes('*')),
        ]),
      [[true, ['POST', 'GET'], false]],
    ),

  'one notification tells of uploads': (view) =>
    differs(
      'what the packages bucket tells',
      view.all('aws:s3/bucketNotification:BucketNotification').map(({ inputs }) => [inputs.bucket, inputs.queues]),
      [
        [
          view.bucket('packages')?.inputs.bucket,
          [
            {
              events: ['s3:ObjectCreated:*'],
              filterPrefix: 'uploads/',
              filterSuffix: '.fzip',
              id: 'uploads',
              queueArn: `arn:aws:sqs:eu-west-1:111122223333:${view.nameOf(uploads.step)}`,
            },
          ],
        ],
      ],
    ),

  'tables are as HouseF3 and FZIP define them': (view) =>
    tableNames.flatMap((table) => {
      const made = view.named('aws:dynamodb/table:Table', view.nameOf(dashed(table)));
      // A HouseF3 that is named has its own.
      if (made === undefined)
        return table === 'jobs' || table.startsWith('scratch') ? [`there is no table ${table}`] : [];
      const rules = tableRules[table];
      const { inputs } = made;
      const isScratch = table.startsWith('scratch');
      const indexes = (inputs.globalSecondaryIndexes as Seen['inputs'][]).map((index) => [
        index.name,
        [index.hashKey, ...(index.rangeKey === undefined ? [] : [index.rangeKey])],
        index.projectionType,
      ]);
      const typed = (attributes: { name: string; type: string }[]) =>
        attributes.map(({ name, type }) => `${name} ${type}`).sort();
      return [
        ...differs(`${table}: key`, [inputs.hashKey, inputs.rangeKey].filter(Boolean), [...rules.key]),
        ...differs(`${table}: attributes`, typed(inputs.attributes), typed(keyAttributes(rules))),
        ...differs(
          `${table}: indexes`,
          indexes,
          Object.entries(rules.indexes).map(([name, key]) => [name, [...key], 'ALL']),
        ),
        ...differs(`${table}: ttl`, inputs.ttl, rules.ttl && { attributeName: rules.ttl, enabled: true }),
        ...differs(`${table}: billing`, inputs.billingMode, 'PAY_PER_REQUEST'),
        ...differs(`${table}: point-in-time recovery`, inputs.pointInTimeRecovery, { enabled: !isScratch }),
        ...differs(`${table}: encryption`, inputs.serverSideEncryption, { enabled: true, kmsKeyArn: keyArn(view) }),
        ...differs(`${table}: protection`, inputs.deletionProtectionEnabled, view.isProduction && !isScratch),
      ];
    }),

  'production keeps its data, other stages leave nothing': (view) => {
    const lasting = [
      'aws:s3/bucket:Bucket',
      'aws:dynamodb/table:Table',
      'aws:kms/key:Key',
      'aws:cognito/userPool:UserPool',
    ];
    return [
      ...differs('removal', view.evaluation.app.removal, view.isProduction ? 'retain' : 'remove'),
      ...differs('protection', view.evaluation.app.protect, view.isProduction),
      ...lasting.flatMap((type) =>
        view.all(type).flatMap(({ name, retained }) => differs(`${name}: retained`, retained, view.isProduction)),
      ),
      ...view
        .all('aws:s3/bucket:Bucket')
        .flatMap(({ name, inputs }) => differs(`${name}: forceDestroy`, inputs.forceDestroy, !view.isProduction)),
      ...view
        .all('aws:cognito/userPool:UserPool')
        .flatMap(({ name, inputs }) =>
          differs(`${name}: deletion`, inputs.deletionProtection, view.isProduction ? 'ACTIVE' : 'INACTIVE'),
        ),
    ];
  },

  'the key turns, and services use it for their sources alone': (view) => {
    const keys = view.all('aws:kms/key:Key');
    const statements = view
      .policies()
      .filter(({ where }) => where === keys[0]?.name)
      .flatMap((policy) => policy.statements);
    const sources = {
      's3.amazonaws.com': `arn:aws:s3:::${view.bucket('packages')?.inputs.bucket}`,
      'sns.amazonaws.com': `arn:aws:sns:eu-west-1:111122223333:${view.nameOf('events')}`,
      'cloudwatch.amazonaws.com': `arn:aws:cloudwatch:eu-west-1:111122223333:alarm:${view.nameOf('*')}`,
    };
    return [
      ...differs(
        'keys',
        keys.map(({ inputs }) => inputs.enableKeyRotation),
        [true],
      ),
      ...Object.entries(sources).flatMap(([service, source]) => {
        const allowed = statements.find(({ Principal }) => (Principal as { Service?: string })?.Service === service);
        const { ArnEquals, ArnLike, StringEquals } = allowed?.Condition ?? {};
        return [
          ...differs(`${service}: actions`, allowed?.Action, ['kms:Decrypt', 'kms:GenerateDataKey']),
          ...differs(
            `${service}: source`,
            { ...ArnEquals, ...ArnLike, ...StringEquals },
            {
              'aws:SourceArn': source,
              'aws:SourceAccount': '111122223333',
            },
          ),
        ];
      }),
    ];
  },
};
