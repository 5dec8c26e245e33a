import { answerEmpty, answerXml, headerOf } from './call.ts';
import type { QueueRule, Versioning } from './catalog-buckets.ts';
import { type Deleted, deleteKey } from './commit.ts';
import { S3Error } from './errors.ts';
import { textOfBody } from './payload.ts';
import { bucketOf, isoTime, newId, type Operation } from './world.ts';
import { childrenOf, parseXml, textOf, type XmlIn, type XmlOut, xmlDocument } from './xml.ts';

const malformed = (what: string): S3Error =>
  new S3Error(
    'MalformedXML',
    `The XML you provided was not well-formed or did not validate against our schema: ${what}.`,
  );

/** CreateBucket. */
export const createBucket: Operation = async (world, call) => {
  await textOfBody(call);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(call.bucket)) {
    throw new S3Error(
      'InvalidBucketName',
      `The specified bucket is not valid: "${call.bucket.slice(0, 100)}"; allowed are 3 to 63 of a-z, 0-9, dots and hyphens.`,
    );
  }
  if (world.catalog.buckets.find(call.bucket)) {
    throw new S3Error(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
    );
  }
  world.catalog.buckets.save({ name: call.bucket, created: world.clock(), versioning: '', rules: [] });
  answerEmpty(call, 200, { location: `/${call.bucket}` });
};

/** HeadBucket. */
export const headBucket: Operation = (world, call) => {
  bucketOf(world, call);
  answerEmpty(call, 200, { 'x-amz-bucket-region': world.region });
};

/** DeleteBucket. */
export const deleteBucket: Operation = (world, call) => {
  const bucket = bucketOf(world, call);
  const uploads = world.catalog.uploads.list(bucket.name, '', '', '', 1);
  if (!world.catalog.versions.isEmpty(bucket.name) || uploads.length > 0) {
    throw new S3Error(
      'BucketNotEmpty',
      'The bucket you tried to delete is not empty. You must delete all versions and uploads in the bucket.',
    );
  }
  world.catalog.buckets.remove(bucket.name);
  answerEmpty(call, 204);
};

/** ListBuckets. */
export const listBuckets: Operation = (world, call) => {
  const buckets = world.catalog.buckets.list().map(
    (bucket): XmlOut => [
      'Bucket',
      [
        ['Name', bucket.name],
        ['CreationDate', isoTime(bucket.created)],
      ],
    ],
  );
  answerXml(
    call,
    xmlDocument('ListAllMyBucketsResult', [
      ['Owner', [['ID', 'local']]],
      ['Buckets', buckets],
    ]),
  );
};

/** GetBucketLocation: us-east-1 has none. */
export const getLocation: Operation = (world, call) => {
  bucketOf(world, call);
  const region = world.region === 'us-east-1' ? '' : world.region;
  answerXml(
    call,
    xmlDocument('LocationConstraint', []).replace('></LocationConstraint>', `>${region}</LocationConstraint>`),
  );
};

/** GetBucketVersioning. */
export const getVersioning: Operation = (world, call) => {
  const { versioning } = bucketOf(world, call);
  answerXml(call, xmlDocument('VersioningConfiguration', [['Status', versioning === '' ? undefined : versioning]]));
};

/** PutBucketVersioning. */
export const putVersioning: Operation = async (world, call) => {
  const status = textOf(parseXml(await textOfBody(call)), 'Status') ?? '';
  if (status !== 'Enabled' && status !== 'Suspended')
    throw malformed(`Status is "${status.slice(0, 30)}", allowed are Enabled and Suspended`);
  world.catalog.buckets.save({ ...bucketOf(world, call), versioning: status satisfies Versioning });
  answerEmpty(call, 200);
};

const knownEvents =
  /^s3:(ObjectCreated:(\*|Put|Post|Copy|CompleteMultipartUpload)|ObjectRemoved:(\*|Delete|DeleteMarkerCreated))$/;

const ruleOf = (element: XmlIn): QueueRule => {
  const events = childrenOf(element, 'Event').map((event) => event.text);
  const queueArn = textOf(element, 'Queue') ?? '';
  const unknown = events.find((event) => !knownEvents.test(event));
  if (unknown !== undefined)
    throw new S3Error(
      'InvalidArgument',
      `The event "${unknown.slice(0, 60)}" is not supported; supported are s3:ObjectCreated:… and s3:ObjectRemoved:….`,
    );
  if (events.length === 0) throw malformed('a QueueConfiguration has no Event');
  if (!/^arn:aws:sqs:[^:]+:\d+:[^:]+$/.test(queueArn))
    throw new S3Error(
      'InvalidArgument',
      `The ARN "${queueArn.slice(0, 200)}" is not well formed; allowed is arn:aws:sqs:region:account:name.`,
    );
  const filter: Record<string, string> = {};
  for (const child of childrenOf(element, 'Filter')
    .flatMap((entry) => childrenOf(entry, 'S3Key'))
    .flatMap((entry) => childrenOf(entry, 'FilterRule'))) {
    const name = (textOf(child, 'Name') ?? '').toLowerCase();
    if (name !== 'prefix' && name !== 'suffix')
      throw new S3Error('InvalidArgument', 'filter rule name must be either prefix or suffix');
    filter[name] = textOf(child, 'Value') ?? '';
  }
  return {
    id: textOf(element, 'Id') ?? newId(),
    queueArn,
    events,
    prefix: filter.prefix ?? '',
    suffix: filter.suffix ?? '',
  };
};

/** PutBucketNotificationConfiguration. Every queue must take a test event, as on AWS, before the configuration counts. */
export const putNotifications: Operation = async (world, call) => {
  const bucket = bucketOf(world, call);
  const root = parseXml(await textOfBody(call));
  const other = root.children.find((child) => child.name !== 'QueueConfiguration');
  if (other) throw new S3Error('NotImplemented', `${other.name} is not supported; supported is QueueConfiguration.`);
  const rules = childrenOf(root, 'QueueConfiguration').map(ruleOf);
  if (headerOf(call, 'x-amz-skip-destination-validation') !== 'true') {
    for (const arn of new Set(rules.map((rule) => rule.queueArn))) {
      await world.notifier.test(bucket.name, arn, call.id).catch((error: Error) => {
        throw new S3Error(
          'InvalidArgument',
          `Unable to validate the following destination configurations: ${arn}: ${error.message}`,
        );
      });
    }
  }
  world.catalog.buckets.save({ ...bucketOf(world, call), rules });
  answerEmpty(call, 200);
};

/** GetBucketNotificationConfiguration. */
export const getNotifications: Operation = (world, call) => {
  const rules = bucketOf(world, call).rules.map((rule): XmlOut => {
    const filters = [
      ['prefix', rule.prefix],
      ['suffix', rule.suffix],
    ].filter(([, value]) => value !== '');
    const filter: XmlOut[] = filters.map(([name, value]) => [
      'FilterRule',
      [
        ['Name', name],
        ['Value', value],
      ],
    ]);
    return [
      'QueueConfiguration',
      [
        ['Id', rule.id],
        ['Queue', rule.queueArn],
        ...rule.events.map((event): XmlOut => ['Event', event]),
        ['Filter', filter.length > 0 ? [['S3Key', filter]] : undefined],
      ],
    ];
  });
  answerXml(call, xmlDocument('NotificationConfiguration', rules));
};

const deletedEntry = (key: string, named: string | undefined, { versionId, marker }: Deleted): XmlOut => [
  'Deleted',
  [
    ['Key', key],
    ['VersionId', named],
    ['DeleteMarker', marker],
    ['DeleteMarkerVersionId', marker ? versionId : undefined],
  ],
];

const deleteOne = (
  element: XmlIn,
  remove: (key: string, versionId: string | undefined, etag: string | undefined) => Deleted,
): XmlOut => {
  const [key = '', versionId, etag] = ['Key', 'VersionId', 'ETag'].map((name) => textOf(element, name));
  if (key === '') throw malformed('an Object has no Key');
  try {
    return deletedEntry(key, versionId, remove(key, versionId, etag));
  } catch (error) {
    if (error instanceof S3Error)
      return [
        'Error',
        [
          ['Key', key],
          ['VersionId', versionId],
          ['Code', error.code],
          ['Message', error.message],
        ],
      ];
    throw error;
  }
};

/** DeleteObjects: up to 1000 keys, each apart from the others. */
export const deleteObjects: Operation = async (world, call) => {
  const bucket = bucketOf(world, call);
  const root = parseXml(await textOfBody(call));
  const objects = childrenOf(root, 'Object');
  if (objects.length === 0 || objects.length > 1000)
    throw malformed(`${objects.length} objects, allowed are 1 to 1000`);
  const results = objects.map((element) =>
    deleteOne(element, (key, versionId, etag) =>
      deleteKey(world, bucket, key, versionId, call.id, etag === undefined ? {} : { match: etag }),
    ),
  );
  const quiet = textOf(root, 'Quiet') === 'true';
  answerXml(call, xmlDocument('DeleteResult', quiet ? results.filter(([name]) => name === 'Error') : results));
};
