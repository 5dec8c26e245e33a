/** Mistakes that somebody might make in the stacks, made in what they evaluate to, and what must be said of each. */
import type { Deployment } from './stages.ts';
import { type Inputs, type Seen, statementsOf } from './view.ts';

type World = {
  all(type: string): Seen[];
  remove(type: string, name: string): void;
  app: Record<string, unknown>;
};

type Mistake = { make(world: World): void; found: string; at?: Deployment };

const one = (world: World, type: string, name: string): Inputs => {
  const found = world.all(type).find((resource) => resource.name.startsWith(name));
  if (!found) throw new Error(`there is no ${type} ${name}`);
  return found.inputs;
};

/** Changes one policy of a role. */
const rewrite = (role: Inputs, change: (statements: Inputs[]) => void): void => {
  const statements: Inputs[] = statementsOf(role.inlinePolicies[0].policy);
  change(statements);
  role.inlinePolicies[0].policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
};

const queue = 'aws:sqs/queue:Queue';
const mapping = 'aws:lambda/eventSourceMapping:EventSourceMapping';
const code = 'aws:lambda/function:Function';
const role = 'aws:iam/role:Role';

export const mistakes: Record<string, Mistake> = {
  'two resources share a name': {
    make: (world) => {
      const [alarm] = world.all('aws:cloudwatch/metricAlarm:MetricAlarm');
      for (const other of world.all('aws:cloudwatch/metricAlarm:MetricAlarm').slice(1, 2))
        other.name = alarm?.name ?? '';
    },
    found: 'every resource has a name of its own: aws:cloudwatch/metricAlarm:MetricAlarm',
  },
  'a bucket is public': {
    make: (world) => {
      one(world, 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock', 'Packages').blockPublicPolicy = false;
    },
    found: 'buckets are private: the block of public access of PackagesObjectsBucket is',
  },
  'a bucket takes plain HTTP': {
    make: (world) => world.remove('aws:s3/bucketPolicy:BucketPolicy', 'Packages'),
    found: 'buckets take TLS alone: arn:aws:s3:::fzip-production-packages-111122223333',
  },
  'the packages bucket keeps versions': {
    make: (world) => {
      const versioning = one(world, 'aws:s3/bucketVersioning:BucketVersioning', 'Files');
      versioning.bucket = 'fzip-production-packages-111122223333';
    },
    found: 'packages have no versions',
  },
  'kept backups are deleted after a fortnight': {
    make: (world) => {
      for (const rule of one(world, 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration', 'Packages')
        .rules) {
        if (rule.filter.prefix === 'packages/') rule.expiration.days = 14;
      }
    },
    found: 'S3 deletes at last what the sweep did not: the ends of PackagesObjectsBucket',
  },
  'uploads are told of under another suffix': {
    make: (world) => {
      one(world, 'aws:s3/bucketNotification:BucketNotification', 'Packages').queues[0].filterSuffix = '.zip';
    },
    found: 'one notification tells of uploads',
  },
  'a second notification takes the place of the first': {
    make: (world) => {
      const [first] = world.all('aws:s3/bucketNotification:BucketNotification');
      if (first) first.inputs.queues = [{ ...first.inputs.queues[0], filterPrefix: 'packages/' }];
    },
    found: 'one notification tells of uploads',
  },
  'rows expire by the wrong attribute': {
    make: (world) => {
      one(world, 'aws:dynamodb/table:Table', 'Jobs').ttl.attributeName = 'expiresAt';
    },
    found: 'tables are as HouseF3 and FZIP define them: jobs: ttl is',
  },
  'an index is missing': {
    make: (world) => {
      one(world, 'aws:dynamodb/table:Table', 'Jobs').globalSecondaryIndexes.pop();
    },
    found: 'jobs: indexes is',
  },
  'a table cannot be set back': {
    make: (world) => {
      one(world, 'aws:dynamodb/table:Table', 'Transactions').pointInTimeRecovery.enabled = false;
    },
    found: 'transactions: point-in-time recovery is',
  },
  'a message comes again while its function works': {
    make: (world) => {
      one(world, queue, 'BackupPackageMessages').visibilityTimeoutSeconds = 600;
    },
    found:
      'a message is hidden for longer than a function may take: backup-package: hidden for 600 s, its function runs for 900 s',
  },
  'dead letters go to another step': {
    make: (world) => {
      const policy = one(world, queue, 'RestoreVerifyMessages');
      policy.redrivePolicy = policy.redrivePolicy.replace('restore-verify-dlq', 'restore-check-dlq');
    },
    found: 'every step has its queue and its dead-letter queue: restore-verify: redrive is',
  },
  'a step has no dead-letter queue': {
    make: (world) => world.remove(queue, 'RestoreCheckDeadLetters'),
    found: 'restore-check: dead letters kept is missing',
  },
  'a batch fails as a whole': {
    make: (world) => {
      one(world, mapping, 'RestoreTransactionsMapping').functionResponseTypes = [];
    },
    found: 'every queue feeds its function, in part if need be: the mapping of restore-transactions is',
  },
  'nobody reads a dead-letter queue': {
    make: (world) => world.remove(mapping, 'RestoreStartDlqMapping'),
    found: 'the mapping of restore-start’s dead letters is []',
  },
  'a function is without tracing': {
    make: (world) => {
      one(world, code, 'Sweep').tracingConfig = { mode: 'PassThrough' };
    },
    found: 'sweep: tracing is',
  },
  'a function lacks a queue that it sends to': {
    make: (world) => {
      delete one(world, code, 'BackupCollect').environment.variables.FZIP_QUEUE_BACKUP_PACKAGE;
    },
    found: 'a function gets the settings that its code reads, and no others: backup-collect: settings is',
  },
  'a function is told what it does not read': {
    make: (world) => {
      one(world, code, 'Api').environment.variables.DEBUG = '1';
    },
    found: 'a function gets the settings that its code reads, and no others: api: settings is',
  },
  'a log is kept for ever': {
    make: (world) => {
      one(world, 'aws:cloudwatch/logGroup:LogGroup', 'RestoreUnpackLogs').retentionInDays = 0;
    },
    found: 'restore-unpack: log kept, days is 0',
  },
  'a role may do everything in S3': {
    make: (world) =>
      rewrite(one(world, role, 'BackupCollect'), (statements) => {
        statements.push({
          Effect: 'Allow',
          Action: 's3:*',
          Resource: 'arn:aws:s3:::fzip-production-packages-111122223333/*',
        });
      }),
    found: 'no wildcard without a reason: BackupCollectCodeRole: Allow s3:*',
  },
  'a role may read every table': {
    make: (world) =>
      rewrite(one(world, role, 'RestoreStart'), (statements) => {
        statements.push({ Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: '*' });
      }),
    found: 'no wildcard without a reason: RestoreStartCodeRole: Allow dynamodb:GetItem on *',
  },
  'a role may use the key for anything': {
    make: (world) =>
      rewrite(one(world, role, 'Sweep'), (statements) => {
        for (const statement of statements) delete statement.Condition;
      }),
    found: 'a key is used through services alone: SweepCodeRole',
  },
  'a role trusts the whole account': {
    make: (world) => {
      const made = one(world, role, 'ApiCodeRole');
      made.assumeRolePolicy = made.assumeRolePolicy.replace(
        '"Service":"lambda.amazonaws.com"',
        '"Service":"lambda.amazonaws.com","AWS":"arn:aws:iam::111122223333:root"',
      );
    },
    found: 'a role trusts one service, for this account: the trust of ApiCodeRole is',
  },
  'a role has a policy of AWS': {
    make: (world) => {
      one(world, role, 'ApiCodeRole').managedPolicyArns = ['arn:aws:iam::aws:policy/AmazonS3FullAccess'];
    },
    found: 'a role has its own policy and none of AWS: ApiCodeRole: managed policies is',
  },
  'S3 of any account may send': {
    make: (world) => {
      const made = one(world, 'aws:sqs/queuePolicy:QueuePolicy', 'RestoreStartPolicy');
      const statements: Inputs[] = statementsOf(made.policy);
      delete statements[0]?.Condition;
      made.policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    },
    found: 'a service is let in for its source alone: RestoreStartPolicy lets in s3.amazonaws.com of any source',
  },
  'everybody may publish': {
    make: (world) => {
      const made = one(world, 'aws:sns/topicPolicy:TopicPolicy', 'EventsPolicy');
      made.policy = made.policy.replace('{"AWS":"arn:aws:iam::111122223333:root"}', '"*"');
    },
    found: 'nobody but this account and named services is let in: EventsPolicy lets in "*"',
  },
  'S3 may not use the key of the queue that it feeds': {
    make: (world) => {
      const key = one(world, 'aws:kms/key:Key', 'Key');
      key.policy = key.policy.replace('s3.amazonaws.com', 'ec2.amazonaws.com');
    },
    found: 'the key turns, and services use it for their sources alone: s3.amazonaws.com: actions is missing',
  },
  'alarms go to a topic under the key of SNS': {
    make: (world) => {
      one(world, 'aws:sns/topic:Topic', 'Alarms').kmsMasterKeyId = 'alias/aws/sns';
    },
    found: 'AlarmsTopic is under a key that CloudWatch may not use',
  },
  'a route needs no token': {
    make: (world) => {
      for (const route of world.all('aws:apigatewayv2/route:Route')) route.inputs.authorizationType = 'NONE';
    },
    found: 'the API asks for a token, but for its own description: routes is',
  },
  'every page may call the API': {
    make: (world) => {
      one(world, 'aws:apigatewayv2/api:Api', 'Api').corsConfiguration.allowOrigins = ['*'];
    },
    found: 'the API is throttled, logged, and open to the web origins alone: CORS that lets everything in is ["*"]',
  },
  'a step has no alarm': {
    make: (world) => world.remove('aws:cloudwatch/metricAlarm:MetricAlarm', 'ProfileClearDeadLettersAlarm'),
    found: 'alarms reach somebody, and silence is none but of the sweep: profile-clear has no alarm dead-letters',
  },
  'the subscription has every event': {
    make: (world) => {
      one(world, 'aws:sns/topicSubscription:TopicSubscription', 'AnalyticsRefresh').filterPolicy = '{}';
    },
    found: 'a subscription has the events of its step alone, as they were published: subscriptions is',
  },
  'production can be removed': {
    make: ({ app }) => {
      app.removal = 'remove';
      app.protect = false;
    },
    found: 'production keeps its data, other stages leave nothing: removal is "remove"',
  },
  'the key is deleted with production': {
    make: (world) => {
      for (const key of world.all('aws:kms/key:Key')) key.retained = false;
    },
    found: 'production keeps its data, other stages leave nothing: Key: retained is false',
  },
  'a development stage cannot be emptied': {
    make: (world) => {
      one(world, 'aws:s3/bucket:Bucket', 'Packages').forceDestroy = false;
    },
    found: 'PackagesObjectsBucket: forceDestroy is false',
    at: 'a development stage, alone',
  },
};
