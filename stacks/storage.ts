/** Buckets: packages with their staging, and HouseF3's file storage unless there is a HouseF3. */
import type { Encryption } from './encryption.ts';
import { bucketNameOf, idOf, nameOf } from './names.ts';
import type { Settings } from './settings.ts';

/** Days after which S3 deletes what the sweep should have deleted long before. */
export const backstopDays = 14;
/** A backup may be kept for a year: DESIGN.md section 5. */
const keptAtMostDays = 365;
const unfinishedDays = 2;

/** What is deleted by S3 at last, and after how many days. */
export const expirations = {
  'staging/': backstopDays,
  'uploads/': backstopDays,
  'scratch/': backstopDays,
  'packages/': keptAtMostDays + backstopDays,
} as const;

export const storage = ({ key }: Encryption, settings: Settings) => {
  const packages = bucketOf('packages', key, {
    // Unversioned, so that deleted is deleted.
    versioning: false,
    cors: {
      // The forms that a page uploads by, and the links that it downloads by.
      allowMethods: ['POST', 'GET'],
      allowOrigins: settings.webOrigins,
      allowHeaders: ['content-type', 'range'],
      exposeHeaders: ['ETag', 'Content-Length', 'Content-Range'],
      maxAge: '1 hour',
    },
    expirations,
  });
  if (settings.host) {
    const { bucket } = settings.host;
    return { packages, files: { name: $output(bucket), arn: $interpolate`arn:aws:s3:::${bucket}` } };
  }
  // HouseF3 keeps versions of files: HOUSEF3.md section 2a.
  return { packages, files: bucketOf('files', key, { versioning: true, cors: false, expirations: {} }) };
};

type BucketRules = {
  versioning: boolean;
  cors: NonNullable<sst.aws.BucketArgs['cors']>;
  expirations: Readonly<Record<string, number>>;
};

const bucketOf = (what: 'packages' | 'files', key: Encryption['key'], rules: BucketRules) => {
  const id = idOf(what);
  const bucket = new sst.aws.Bucket(`${id}Objects`, {
    versioning: rules.versioning,
    cors: rules.cors,
    transform: { bucket: { bucket: bucketNameOf(what), tags: { Name: nameOf(what) } } },
  });
  new aws.s3.BucketServerSideEncryptionConfiguration(`${id}Encryption`, {
    bucket: bucket.name,
    rules: [
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.arn },
        // One call of the key for many objects.
        bucketKeyEnabled: true,
      },
    ],
  });
  new aws.s3.BucketOwnershipControls(`${id}Ownership`, {
    bucket: bucket.name,
    rule: { objectOwnership: 'BucketOwnerEnforced' },
  });
  // SST's own lifecycle rules know nothing of uploads that were begun and not ended.
  new aws.s3.BucketLifecycleConfiguration(`${id}Lifecycle`, {
    bucket: bucket.name,
    rules: [
      {
        id: 'unfinished-uploads',
        status: 'Enabled',
        filter: { prefix: '' },
        abortIncompleteMultipartUpload: { daysAfterInitiation: unfinishedDays },
      },
      ...Object.entries(rules.expirations).map(([prefix, days]) => ({
        id: `backstop-${prefix.slice(0, -1)}`,
        status: 'Enabled',
        filter: { prefix },
        expiration: { days },
      })),
    ],
  });
  return { name: bucket.name, arn: bucket.arn };
};

export type Storage = ReturnType<typeof storage>;
