/** The dashboard, the alarms, and the topic that tells somebody. */
import type { metricNamespace } from '../packages/core/src/metrics.ts';
import { deadLetterQueueName, queueName, type Step } from '../packages/core/src/topology.ts';
import { type Alarm, alarms, type Measured } from './alarms.ts';
import type { Api } from './api.ts';
import { type AwsLine, type OwnLine, type Widget, widgets } from './dashboard.ts';
import type { Encryption } from './encryption.ts';
import { account, arnOf, idOf, isProduction, nameOf, policyJson, region } from './names.ts';
import type { Settings } from './settings.ts';
import type { Storage } from './storage.ts';
import type { Tables } from './tables.ts';

type World = { settings: Settings; key: Encryption['key']; storage: Storage; tables: Tables; api: Api };

const usual: typeof metricNamespace = 'HouseF3/FZIP';

/** Several stages of one account are told apart by it. */
export const namespace = (): string => (isProduction() ? usual : `${usual}/${$app.stage}`);

export const monitoring = (world: World): void => {
  const topic = alarmTopic(world);
  for (const alarm of alarms(world.settings.growthGibPerDay)) alarmOf(alarm, topic, world);
  new aws.cloudwatch.Dashboard('Dashboard', {
    dashboardName: nameOf('overview'),
    dashboardBody: $jsonStringify({ widgets: widgets.map((widget, n) => drawn(widget, n, world)) }),
  });
};

/** Under a key of ours: CloudWatch may not use the one that AWS keeps for SNS, and its alarms would be lost without a word. */
const alarmTopic = ({ key, settings }: World): $util.Output<string> => {
  const topic = new sst.aws.SnsTopic('Alarms', {
    transform: { topic: { name: nameOf('alarms'), kmsMasterKeyId: key.arn } },
  });
  new aws.sns.TopicPolicy('AlarmsPolicy', {
    arn: topic.arn,
    policy: policyJson([
      {
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: topic.arn,
        Condition: {
          StringEquals: { 'aws:SourceAccount': account() },
          ArnLike: { 'aws:SourceArn': arnOf('cloudwatch', `alarm:${nameOf('*')}`) },
        },
      },
    ]),
  });
  if (settings.alarmEmail !== undefined) {
    new aws.sns.TopicSubscription('AlarmsByMail', {
      topic: topic.arn,
      protocol: 'email',
      endpoint: settings.alarmEmail,
    });
  }
  return topic.arn;
};

const alarmOf = (alarm: Alarm, topic: $util.Output<string>, world: World): void => {
  const { id, about, todo, above, below, period, looks, silenceIsBad = false } = alarm;
  new aws.cloudwatch.MetricAlarm(`${idOf(id)}Alarm`, {
    name: nameOf(id),
    alarmDescription: `${about} ${todo} docs/operating.md, "Alarms".`,
    ...(above !== undefined
      ? { comparisonOperator: 'GreaterThanThreshold', threshold: above }
      : { comparisonOperator: 'LessThanThreshold', threshold: below ?? 0 }),
    evaluationPeriods: looks,
    treatMissingData: silenceIsBad ? 'breaching' : 'notBreaching',
    alarmActions: [topic],
    okActions: [topic],
    ...measuredBy(alarm.measured, period, world),
  });
};

const queueOf = ({ queue, deadLetters = false }: { queue: Step; deadLetters?: boolean }): string =>
  nameOf(deadLetters ? deadLetterQueueName(queue) : queueName(queue));

const errors = (id: string, metric: { namespace: string; dimensions: object; metricName: string }, period: number) => ({
  id,
  metric: { ...metric, period, stat: 'Sum', dimensions: metric.dimensions as Record<string, string> },
});

type MeasuredBy = Omit<aws.cloudwatch.MetricAlarmArgs, 'comparisonOperator' | 'evaluationPeriods'>;

const measuredBy = (measured: Measured, period: number, { api, storage }: World): MeasuredBy => {
  if ('all' in measured)
    return { metricQueries: [{ id: 'q', expression: queryOf(measured), period, returnData: true }] };
  if ('own' in measured) {
    const { own, service, dimensions, statistic } = measured;
    const isPercentile = statistic.startsWith('p');
    return {
      namespace: namespace(),
      metricName: own,
      dimensions: { service, ...dimensions },
      period,
      ...(isPercentile ? { extendedStatistic: statistic } : { statistic }),
    };
  }
  if ('queue' in measured) {
    const { metric, statistic } = measured;
    return {
      namespace: 'AWS/SQS',
      metricName: metric,
      dimensions: { QueueName: queueOf(measured) },
      statistic,
      period,
    };
  }
  if ('invocationsOf' in measured) {
    const dimensions = { FunctionName: nameOf(measured.invocationsOf) };
    return { namespace: 'AWS/Lambda', metricName: 'Invocations', dimensions, statistic: 'Sum', period };
  }
  if ('apiLatency' in measured) {
    const dimensions = { ApiId: api.id };
    return {
      namespace: 'AWS/ApiGateway',
      metricName: 'Latency',
      dimensions,
      extendedStatistic: measured.apiLatency,
      period,
    };
  }
  if ('growthOfPackages' in measured) {
    const dimensions = { BucketName: storage.packages.name, StorageType: 'StandardStorage' };
    const size = { namespace: 'AWS/S3', metricName: 'BucketSizeBytes', dimensions, period, stat: 'Average' };
    return {
      metricQueries: [
        { id: 'grown', expression: 'DIFF(size)', returnData: true },
        { id: 'size', metric: size },
      ],
    };
  }
  const of =
    'errorPercentOf' in measured
      ? { namespace: 'AWS/Lambda', dimensions: { FunctionName: nameOf(measured.errorPercentOf) } }
      : { namespace: 'AWS/ApiGateway', dimensions: { ApiId: api.id } };
  const [failed, all] = 'errorPercentOf' in measured ? ['Errors', 'Invocations'] : ['5xx', 'Count'];
  return {
    metricQueries: [
      { id: 'percent', expression: 'IF(asked > 0, 100 * failed / asked, 0)', returnData: true },
      errors('failed', { ...of, metricName: failed }, period),
      errors('asked', { ...of, metricName: all }, period),
    ],
  };
};

/** Over whatever functions measured it. With `worstBy`: of whoever has the most. */
const queryOf = ({ all, take, worstBy }: Extract<Measured, { all: unknown }>): string =>
  worstBy === undefined
    ? `SELECT ${take}(${all}) FROM "${namespace()}"`
    : `SELECT ${take}(${all}) FROM SCHEMA("${namespace()}", service, "${worstBy}") GROUP BY "${worstBy}" ORDER BY ${take}() DESC LIMIT 1`;

const columns = 24;

/** Two widgets a row, wide ones alone. CloudWatch moves up what would leave a gap. */
const drawn = ({ title, lines, wide = false }: Widget, n: number, world: World) => ({
  type: 'metric',
  width: wide ? columns : columns / 2,
  height: 6,
  x: wide || n % 2 === 0 ? 0 : columns / 2,
  y: n * 6,
  properties: {
    title,
    view: 'timeSeries',
    region: region(),
    period: 300,
    metrics: lines.map((line, m) => ('by' in line ? ownLine(line, m) : awsLine(line, world))),
  },
});

const ownLine = ({ metric, by, statistic, as }: OwnLine, m: number) => {
  const search = (taken: string) =>
    `SEARCH('{${[namespace(), 'service', ...by].join(',')}} MetricName="${metric}"', '${taken}', 300)`;
  const expression =
    as === 'rate'
      ? `SUM(${search('Sum')}) / SUM(${search('SampleCount')})`
      : as === 'total'
        ? `SUM(${search(statistic)})`
        : search(statistic);
  return [{ expression, id: `e${m}`, label: as === undefined && by.length > 0 ? '' : `${metric} ${statistic}` }];
};

const awsLine = (line: AwsLine, { api, tables, storage }: World) => {
  if ('queue' in line) {
    return ['AWS/SQS', line.metric, 'QueueName', queueOf(line), { stat: line.statistic, label: line.queue }];
  }
  if ('of' in line) {
    return ['AWS/Lambda', line.metric, 'FunctionName', nameOf(line.of), { stat: line.statistic, label: line.of }];
  }
  if ('api' in line) return ['AWS/ApiGateway', line.api, 'ApiId', api.id, { stat: line.statistic }];
  if ('table' in line) {
    return ['AWS/DynamoDB', line.metric, 'TableName', tables[line.table].name, { stat: line.statistic }];
  }
  const { metric, storage: StorageType } = line;
  const bucket = storage[line.bucket].name;
  return ['AWS/S3', metric, 'BucketName', bucket, 'StorageType', StorageType, { stat: 'Average', period: 86_400 }];
};
