/** Rules of what works: queues, functions, mappings, subscriptions, schedule, API, alarms. All of it follows from the topology. */
import { requiredVariables } from '@fzip/aws';
import {
  deadLetterQueueName,
  deadLetters,
  functionNames,
  limitsVariable,
  metricNamespace,
  namespaceVariable,
  otherFunctions,
  publicPaths,
  queueName,
  queueVariable,
  type Step,
  steps,
  subscriptions,
  sweepEverySeconds,
  topology,
} from '@fzip/core';
import { architectureOf } from '../../stacks/code.ts';
import { uses } from '../../stacks/permissions.ts';
import { differs } from './expect-equal.ts';
import type { Rule } from './rules.ts';
import type { View } from './view.ts';

const sqs = (view: View, queue: string): string => `arn:aws:sqs:eu-west-1:111122223333:${view.nameOf(queue)}`;
const lambda = (view: View, name: string): string =>
  `arn:aws:lambda:eu-west-1:111122223333:function:${view.nameOf(name)}`;
const queueType = 'aws:sqs/queue:Queue';
const functionType = 'aws:lambda/function:Function';

/** What SST adds to a function's settings. */
const fromSst = /^SST_/;

/** The mapping from one queue, as a tuple of what matters. */
const mappings = (view: View, queue: string) =>
  view
    .all('aws:lambda/eventSourceMapping:EventSourceMapping')
    .filter(({ inputs }) => inputs.eventSourceArn === sqs(view, queue))
    .map(({ inputs }) => ({
      function: inputs.functionName,
      batchSize: inputs.batchSize,
      answers: inputs.functionResponseTypes,
      concurrency: inputs.scalingConfig?.maximumConcurrency,
    }));

export const rulesOfWork: Readonly<Record<string, Rule>> = {
  'every resource has a name of its own': (view) => {
    const names = view.evaluation.resources.map(({ type, name }) => `${type} ${name}`);
    return names.filter((name, n) => names.indexOf(name) !== n).map((name) => `${name} is there twice`);
  },

  'every step has its queue and its dead-letter queue': (view) =>
    steps.flatMap((step) => {
      const [queue, dead] = [queueName(step), deadLetterQueueName(step)].map(
        (name) => view.named(queueType, view.nameOf(name))?.inputs,
      );
      const rules = topology[step];
      return [
        ...differs(`${step}: visibility`, queue?.visibilityTimeoutSeconds, rules.visibilitySeconds),
        ...differs(`${step}: redrive`, queue && JSON.parse(queue.redrivePolicy), {
          deadLetterTargetArn: sqs(view, deadLetterQueueName(step)),
          maxReceiveCount: rules.maxReceiveCount,
        }),
        ...differs(`${step}: dead letters kept`, dead?.messageRetentionSeconds, deadLetters.retentionSeconds),
        ...differs(`${step}: dead letters’ visibility`, dead?.visibilityTimeoutSeconds, deadLetters.visibilitySeconds),
        ...differs(`${step}: whose dead letters`, dead && JSON.parse(dead.redriveAllowPolicy).sourceQueueArns, [
          sqs(view, step),
        ]),
        // A message's age goes on where it is moved to.
        ...(queue && dead && queue.messageRetentionSeconds >= dead.messageRetentionSeconds
          ? [`${step}: a message may be over before its dead letter is read`]
          : []),
        ...[queue, dead].flatMap((each) =>
          differs(`${step}: encryption`, String(each?.kmsMasterKeyId).startsWith('arn:aws:kms:'), true),
        ),
      ];
    }),

  'a message is hidden for longer than a function may take': (view) =>
    steps.flatMap((step) => {
      const visible = view.named(queueType, view.nameOf(step))?.inputs.visibilityTimeoutSeconds;
      const timeout = view.named(functionType, view.nameOf(step))?.inputs.timeout;
      // Of a batch each message may wait for the others: six times is what AWS asks for.
      const least = topology[step].batchSize > 1 ? 6 * timeout : timeout + 1;
      return visible >= least ? [] : [`${step}: hidden for ${visible} s, its function runs for ${timeout} s`];
    }),

  'every queue feeds its function, in part if need be': (view) =>
    steps.flatMap((step) => [
      ...differs(`the mapping of ${step}`, mappings(view, step), [
        {
          function: lambda(view, step),
          batchSize: topology[step].batchSize,
          answers: ['ReportBatchItemFailures'],
          concurrency: topology[step].maxConcurrency,
        },
      ]),
      ...differs(`the mapping of ${step}’s dead letters`, mappings(view, deadLetterQueueName(step)), [
        {
          function: lambda(view, 'dead-letter'),
          batchSize: deadLetters.batchSize,
          answers: ['ReportBatchItemFailures'],
          concurrency: deadLetters.maxConcurrency,
        },
      ]),
    ]),

  'every function is as the topology says': (view) =>
    functionNames.flatMap((name) => {
      const made = view.named(functionType, view.nameOf(name))?.inputs;
      const rules = name in topology ? topology[name as Step] : otherFunctions[name as keyof typeof otherFunctions];
      const logs = view.named('aws:cloudwatch/logGroup:LogGroup', `/fzip/${view.stage}/${name}`)?.inputs;
      return [
        ...differs(`${name}: timeout`, made?.timeout, rules.timeoutSeconds),
        ...differs(`${name}: memory`, made?.memorySize, rules.memoryMb),
        ...differs(`${name}: runtime`, [made?.runtime, made?.architectures], ['nodejs22.x', [architectureOf(name)]]),
        ...differs(`${name}: tracing`, made?.tracingConfig, { mode: 'Active' }),
        ...differs(`${name}: log`, made?.loggingConfig, { logFormat: 'Text', logGroup: logs?.name }),
        ...differs(`${name}: log kept, days`, logs?.retentionInDays, view.isProduction ? 365 : 7),
        ...differs(`${name}: reserved concurrency`, made?.reservedConcurrentExecutions, undefined),
      ];
    }),

  'a function gets the settings that its code reads, and no others': (view) =>
    functionNames.flatMap((name) => {
      const variables = view.named(functionType, view.nameOf(name))?.inputs.environment?.variables ?? {};
      const found = Object.keys(variables).filter((variable) => !fromSst.test(variable) && variable !== limitsVariable);
      const expected = [...requiredVariables, namespaceVariable, ...(uses[name].sends ?? []).map(queueVariable)];
      const own = view.isProduction ? metricNamespace : `${metricNamespace}/${view.stage}`;
      return [
        ...differs(`${name}: settings`, found.sort(), expected.sort()),
        ...differs(`${name}: namespace`, variables[namespaceVariable], own),
      ];
    }),

  'a subscription has the events of its step alone, as they were published': (view) =>
    differs(
      'subscriptions',
      view
        .all('aws:sns/topicSubscription:TopicSubscription')
        .filter(({ inputs }) => inputs.protocol === 'sqs')
        .map(({ inputs }) => [inputs.endpoint, JSON.parse(inputs.filterPolicy), inputs.rawMessageDelivery]),
      Object.entries(subscriptions).map(([step, filter]) => [sqs(view, step), filter, true]),
    ),

  'the sweep runs by the clock': (view) =>
    differs(
      'schedules',
      view
        .all('aws:scheduler/schedule:Schedule')
        .map(({ inputs }) => [inputs.scheduleExpression, inputs.target.arn, inputs.state]),
      [[`rate(${sweepEverySeconds / 60} minutes)`, lambda(view, 'sweep'), 'ENABLED']],
    ),

  'the API asks for a token, but for its own description': (view) => {
    const authorizers = view.all('aws:apigatewayv2/authorizer:Authorizer');
    return [
      ...differs(
        'routes',
        view
          .all('aws:apigatewayv2/route:Route')
          .map(({ inputs }) => `${inputs.routeKey} ${inputs.authorizationType}`)
          .sort(),
        ['ANY /fzip/{proxy+} JWT', 'ANY /{proxy+} JWT', ...publicPaths.map((path) => `GET ${path} NONE`)].sort(),
      ),
      ...differs(
        'authorizers',
        authorizers.map(({ inputs }) => [
          inputs.authorizerType,
          inputs.identitySources,
          /^https:\/\/cognito-idp\.eu-west-1\.amazonaws\.com\/eu-west-1_\w+$/.test(inputs.jwtConfiguration?.issuer),
          inputs.jwtConfiguration?.audiences?.length > 0,
        ]),
        [['JWT', ['$request.header.Authorization'], true, true]],
      ),
    ];
  },

  'the API is throttled, logged, and open to the web origins alone': (view) => {
    const [stage] = view.all('aws:apigatewayv2/stage:Stage');
    const [api] = view.all('aws:apigatewayv2/api:Api');
    const { throttlingRateLimit, throttlingBurstLimit, detailedMetricsEnabled } =
      stage?.inputs.defaultRouteSettings ?? {};
    const { allowOrigins = ['*'], allowHeaders = ['*'], allowMethods = ['*'] } = api?.inputs.corsConfiguration ?? {};
    const open = [...allowOrigins, ...allowHeaders, ...allowMethods].filter((each: string) => each.includes('*'));
    return [
      ...differs('throttling', [throttlingRateLimit, throttlingBurstLimit, detailedMetricsEnabled], [50, 100, true]),
      ...differs('the access log', stage?.inputs.accessLogSettings?.destinationArn?.includes(':log-group:'), true),
      ...differs('CORS that lets everything in', open, []),
    ];
  },

  'alarms reach somebody, and silence is none but of the sweep': (view) => {
    const alarms = view.all('aws:cloudwatch/metricAlarm:MetricAlarm');
    const topic = `arn:aws:sns:eu-west-1:111122223333:${view.nameOf('alarms')}`;
    return [
      ...steps.flatMap((step) =>
        ['dead-letters', 'dead-letters-waiting', 'oldest-message', 'crashes']
          .filter((what) => !alarms.some(({ inputs }) => inputs.name === view.nameOf(`${step}-${what}`)))
          .map((what) => `${step} has no alarm ${what}`),
      ),
      ...alarms.flatMap(({ name, inputs }) => [
        ...differs(`${name}: tells`, inputs.alarmActions, [topic]),
        ...differs(
          `${name}: silence`,
          inputs.treatMissingData,
          inputs.name === view.nameOf('sweep-silent') ? 'breaching' : 'notBreaching',
        ),
      ]),
      ...view
        .all('aws:sns/topic:Topic')
        .filter(({ inputs }) => !String(inputs.kmsMasterKeyId).startsWith('arn:aws:kms:'))
        .map(({ name }) => `${name} is under a key that CloudWatch may not use`),
    ];
  },
};
