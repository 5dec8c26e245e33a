/** The one key of a deployment: of its buckets, its tables, its queues and its topics. */
import { account, arnOf, bucketNameOf, nameOf, type PolicyStatement, policyJson, retained } from './names.ts';

export const encryption = () => {
  const key = new aws.kms.Key(
    'Key',
    {
      description: `${$app.name} ${$app.stage}: packages, jobs, queues, topics`,
      enableKeyRotation: true,
      deletionWindowInDays: 30,
      policy: policyJson([
        {
          // Without it nobody could change the key any more; what roles may do with it stands in their own policies.
          Sid: 'AccountDecidesByIam',
          Effect: 'Allow',
          Principal: { AWS: $interpolate`arn:aws:iam::${account()}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
        // S3 and SNS put messages into encrypted queues, CloudWatch into an encrypted topic. Each for what it does here, and no more.
        service(
          'UploadsIntoQueue',
          's3.amazonaws.com',
          'ArnEquals',
          $interpolate`arn:aws:s3:::${bucketNameOf('packages')}`,
        ),
        service('EventsIntoQueues', 'sns.amazonaws.com', 'ArnEquals', arnOf('sns', nameOf('events'))),
        service('AlarmsIntoTopic', 'cloudwatch.amazonaws.com', 'ArnLike', arnOf('cloudwatch', `alarm:${nameOf('*')}`)),
      ]),
    },
    retained(),
  );
  new aws.kms.Alias('KeyAlias', { name: `alias/${nameOf('key')}`, targetKeyId: key.keyId });
  return { key };
};

const service = (
  Sid: string,
  name: string,
  test: 'ArnEquals' | 'ArnLike',
  source: $util.Output<string>,
): PolicyStatement => {
  const conditions: PolicyStatement = {
    StringEquals: { 'aws:SourceAccount': account() },
    [test]: { 'aws:SourceArn': source },
  };
  // `*` in a key's policy is this key.
  return {
    Sid,
    Effect: 'Allow',
    Principal: { Service: name },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: '*',
    Condition: conditions,
  };
};

export type Encryption = ReturnType<typeof encryption>;
