/** One function for each step, for the API, the sweep and the dead letters: with its own role, log group and settings. */
import {
  bucketVariables,
  limitsVariable,
  namespaceVariable,
  tableNames,
  tableVariables,
  topicVariable,
} from '../packages/core/src/stores.ts';
import {
  deadLetters,
  type FunctionName,
  functionNames,
  otherFunctions,
  queueVariable,
  type Step,
  steps,
  topology,
} from '../packages/core/src/topology.ts';
import { architectureOf, handlerOf, lzmaFiles, unpackers } from './code.ts';
import type { Encryption } from './encryption.ts';
import type { Messaging } from './messaging.ts';
import { namespace } from './monitoring.ts';
import { idOf, isProduction, nameOf, region } from './names.ts';
import { uses } from './permissions.ts';
import { policyOf, type Resource, type Statement } from './policy.ts';
import type { Settings } from './settings.ts';
import type { Storage } from './storage.ts';
import type { Tables } from './tables.ts';

/** Audit lines are in the functions' logs. */
const logDays = { production: 365, others: 7 };

type World = { settings: Settings; key: Encryption['key']; storage: Storage; tables: Tables; messaging: Messaging };
type Made = { arn: $util.Output<string>; name: string };

const rulesOf = (name: FunctionName): { timeoutSeconds: number; memoryMb: number } =>
  name in topology ? topology[name as Step] : otherFunctions[name as keyof typeof otherFunctions];

export const functions = (world: World): Readonly<Record<FunctionName, Made>> => {
  const made = Object.fromEntries(functionNames.map((name) => [name, functionOf(name, world)])) as Record<
    FunctionName,
    Made
  >;
  for (const step of steps) mappingOf(step, made[step], world.messaging);
  for (const step of steps) deadLetterMappingOf(step, made['dead-letter'], world.messaging);
  return made;
};

const functionOf = (name: FunctionName, world: World): Made => {
  const { timeoutSeconds, memoryMb } = rulesOf(name);
  const logGroup = new aws.cloudwatch.LogGroup(`${idOf(name)}Logs`, {
    name: `/${$app.name}/${$app.stage}/${name}`,
    retentionInDays: isProduction() ? logDays.production : logDays.others,
  });
  const made = new sst.aws.Function(`${idOf(name)}Code`, {
    name: nameOf(name),
    description: `${$app.name} ${name}`,
    handler: handlerOf(name),
    architecture: architectureOf(name),
    timeout: `${timeoutSeconds} seconds`,
    memory: `${memoryMb} MB`,
    // As text, lines leave as they are written: a metric within a line of JSON of Lambda's own would be none.
    logging: { format: 'text', logGroup: logGroup.name },
    environment: environmentOf(name, world),
    permissions: policyOf(name).flatMap((statement) => permissionsOf(statement, world, logGroup)),
    ...(unpackers.has(name) ? { copyFiles: lzmaFiles } : {}),
    transform: { function: { tracingConfig: { mode: 'Active' } } },
  });
  return { arn: made.arn, name: nameOf(name) };
};

/** Exactly what `packages/aws/src/config.ts` reads: every table, bucket and topic, and the queues that the function sends to. */
const environmentOf = (name: FunctionName, { tables, storage, messaging, settings }: World) => ({
  ...Object.fromEntries(tableNames.map((table) => [tableVariables[table], tables[table].name])),
  [bucketVariables.packages]: storage.packages.name,
  [bucketVariables.files]: storage.files.name,
  [topicVariable]: messaging.events.arn,
  ...Object.fromEntries((uses[name].sends ?? []).map((step) => [queueVariable(step), messaging.queues[step].url])),
  [namespaceVariable]: namespace(),
  ...(settings.limits === undefined ? {} : { [limitsVariable]: settings.limits }),
});

type LogGroup = { arn: $util.Output<string> };

/** No statement where nothing is left of it: a HouseF3 without a key of its own has no key to be allowed. */
const permissionsOf = ({ actions, resources, via }: Statement, world: World, logGroup: LogGroup) => {
  const arns = resources.flatMap((resource) => arnsOf(resource, world, logGroup));
  if (arns.length === 0) return [];
  return [
    {
      actions,
      resources: arns,
      ...(via === undefined
        ? {}
        : {
            conditions: [
              {
                test: 'StringEquals',
                variable: 'kms:ViaService',
                values: via.map((service) => $interpolate`${service}.${region()}.amazonaws.com`),
              },
            ],
          }),
    },
  ];
};

const arnsOf = (resource: Resource, world: World, logGroup: LogGroup): $util.Input<string>[] => {
  const { tables, storage, messaging, key, settings } = world;
  if ('table' in resource) {
    const { arn } = tables[resource.table];
    return [resource.index === undefined ? arn : $interpolate`${arn}/index/${resource.index}`];
  }
  if ('bucket' in resource) return [storage[resource.bucket].arn];
  if ('objects' in resource) return [$interpolate`${storage[resource.objects].arn}/${resource.prefix}*`];
  if ('queue' in resource) return [messaging.queues[resource.queue].arn];
  if ('deadLetters' in resource) return [messaging.dead[resource.deadLetters].arn];
  if ('topic' in resource) return [messaging.events.arn];
  if ('logsOf' in resource) return [$interpolate`${logGroup.arn}:*`];
  if ('anything' in resource) return ['*'];
  if (resource.key === 'own') return [key.arn];
  return settings.host?.keyArn === undefined ? [] : [settings.host.keyArn];
};

/** Lambda polls the queue; what the function does not name as failed is deleted. Concurrency is limited here and nothing reserved. */
const mappingOf = (step: Step, { arn }: Made, { queues }: Messaging): void => {
  const { batchSize, maxConcurrency } = topology[step];
  new aws.lambda.EventSourceMapping(`${idOf(step)}Mapping`, {
    eventSourceArn: queues[step].arn,
    functionName: arn,
    batchSize,
    functionResponseTypes: ['ReportBatchItemFailures'],
    scalingConfig: { maximumConcurrency: maxConcurrency },
  });
};

const deadLetterMappingOf = (step: Step, { arn }: Made, { dead }: Messaging): void => {
  new aws.lambda.EventSourceMapping(`${idOf(step)}DlqMapping`, {
    eventSourceArn: dead[step].arn,
    functionName: arn,
    batchSize: deadLetters.batchSize,
    functionResponseTypes: ['ReportBatchItemFailures'],
    scalingConfig: { maximumConcurrency: deadLetters.maxConcurrency },
  });
};

export type Functions = ReturnType<typeof functions>;
