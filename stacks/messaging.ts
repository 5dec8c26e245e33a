/** A queue and a dead-letter queue for each step, the topic of events, who may send to them, and what S3 tells. */
import {
  deadLetterQueueName,
  deadLetters,
  queueName,
  type Step,
  steps,
  subscriptions,
  topology,
  uploads,
} from '../packages/core/src/topology.ts';
import type { Encryption } from './encryption.ts';
import { account, arnOf, idOf, nameOf, type PolicyStatement, policyJson } from './names.ts';
import type { Storage } from './storage.ts';

/** How long SQS keeps a message that nobody could take. Its age goes on in the dead-letter queue, which keeps for longer. */
const keptSeconds = 4 * 24 * 3600;
/** One call of the key an hour and sender, instead of one for each message. */
const dataKeySeconds = 3600;

type Key = Encryption['key'];
type Queue = { url: $util.Output<string>; arn: $util.Output<string> };

export const messaging = ({ key }: Encryption, { packages }: Storage) => {
  const events = topicOf(key);
  const dead = eachStep((step) => deadLetterQueueOf(step, key));
  const queues = eachStep((step) => queueOf(step, dead[step], key));
  const policies = eachStep((step) => protect(step, queues[step], sourcesOf(step, queues[step], { packages, events })));
  for (const step of steps) protect(`${step}-dlq`, dead[step], []);

  for (const [step, filterPolicy] of Object.entries(subscriptions) as [Step, object][]) {
    // Of every event those alone that the step is for; as they were published, without SNS's envelope.
    new aws.sns.TopicSubscription(
      `${idOf(step)}Subscription`,
      {
        topic: events.arn,
        protocol: 'sqs',
        endpoint: queues[step].arn,
        rawMessageDelivery: true,
        filterPolicy: JSON.stringify(filterPolicy),
        filterPolicyScope: 'MessageAttributes',
      },
      { dependsOn: policies[step] },
    );
  }

  // A bucket has one notification: another one would take the place of this.
  new aws.s3.BucketNotification(
    'PackagesNotification',
    {
      bucket: packages.name,
      queues: [
        {
          id: 'uploads',
          queueArn: queues[uploads.step].arn,
          events: [...uploads.events],
          filterPrefix: uploads.prefix,
          filterSuffix: uploads.suffix,
        },
      ],
    },
    // S3 tries the queue at once.
    { dependsOn: policies[uploads.step] },
  );
  return { events, queues, dead };
};

const eachStep = <T>(make: (step: Step) => T): Record<Step, T> =>
  Object.fromEntries(steps.map((step) => [step, make(step)])) as Record<Step, T>;

const encrypted = (key: Key) => ({
  // A key of ours, since S3 and SNS may not use that of SQS.
  kmsMasterKeyId: key.arn,
  kmsDataKeyReusePeriodSeconds: dataKeySeconds,
});

const queueOf = (step: Step, dead: Queue, key: Key): Queue => {
  const { visibilitySeconds, maxReceiveCount } = topology[step];
  const queue = new sst.aws.Queue(`${idOf(step)}Messages`, {
    visibilityTimeout: `${visibilitySeconds} seconds`,
    dlq: { queue: dead.arn, retry: maxReceiveCount },
    transform: {
      queue: { name: nameOf(queueName(step)), messageRetentionSeconds: keptSeconds, ...encrypted(key) },
    },
  });
  return { url: queue.url, arn: queue.arn };
};

const deadLetterQueueOf = (step: Step, key: Key): Queue => {
  const queue = new sst.aws.Queue(`${idOf(step)}DeadLetters`, {
    visibilityTimeout: `${deadLetters.visibilitySeconds} seconds`,
    transform: {
      queue: {
        // Its consumer knows the step by this name.
        name: nameOf(deadLetterQueueName(step)),
        messageRetentionSeconds: deadLetters.retentionSeconds,
        redriveAllowPolicy: $jsonStringify({
          redrivePermission: 'byQueue',
          sourceQueueArns: [arnOf('sqs', nameOf(queueName(step)))],
        }),
        ...encrypted(key),
      },
    },
  });
  return { url: queue.url, arn: queue.arn };
};

/** Services that send to a step's queue by themselves; functions do by their own roles. */
const sourcesOf = (
  step: Step,
  { arn }: Queue,
  { packages, events }: { packages: Storage['packages']; events: { arn: $util.Output<string> } },
): PolicyStatement[] => {
  const from = (service: string, source: $util.Output<string>): PolicyStatement => ({
    Effect: 'Allow',
    Principal: { Service: service },
    Action: 'sqs:SendMessage',
    Resource: arn,
    Condition: { StringEquals: { 'aws:SourceAccount': account() }, ArnEquals: { 'aws:SourceArn': source } },
  });
  return [
    ...(step === uploads.step ? [from('s3.amazonaws.com', packages.arn)] : []),
    ...(Object.hasOwn(subscriptions, step) ? [from('sns.amazonaws.com', events.arn)] : []),
  ];
};

const protect = (name: string, queue: Queue, sources: PolicyStatement[]) =>
  new aws.sqs.QueuePolicy(`${idOf(name)}Policy`, {
    queueUrl: queue.url,
    policy: policyJson([
      ...sources,
      {
        Effect: 'Deny',
        Principal: '*',
        Action: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage'],
        Resource: queue.arn,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]),
  });

/** Everything that happened: for subscribers of this account, who filter by `eventType`, `userId` and `jobType`. */
const topicOf = (key: Key) => {
  const topic = new sst.aws.SnsTopic('Events', {
    transform: { topic: { name: nameOf('events'), kmsMasterKeyId: key.arn, tracingConfig: 'Active' } },
  });
  new aws.sns.TopicPolicy('EventsPolicy', {
    arn: topic.arn,
    policy: policyJson([
      {
        Effect: 'Allow',
        Principal: { AWS: $interpolate`arn:aws:iam::${account()}:root` },
        Action: ['sns:GetTopicAttributes', 'sns:Publish', 'sns:Subscribe', 'sns:ListSubscriptionsByTopic'],
        Resource: topic.arn,
      },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: ['sns:Publish', 'sns:Subscribe'],
        Resource: topic.arn,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]),
  });
  return { arn: topic.arn, name: topic.name };
};

export type Messaging = ReturnType<typeof messaging>;
