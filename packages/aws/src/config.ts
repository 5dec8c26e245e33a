/** Every setting of a function: its tables, buckets, queues and topic, and its bounds. They come from the environment alone. */
import {
  type BucketName,
  bucketVariables,
  defaultLimits,
  type Limits,
  limitsVariable,
  namespaceVariable,
  queueVariable,
  type Step,
  steps,
  type TableName,
  tableVariables,
  topicVariable,
} from '@fzip/core';
import * as z from 'zod';

export {
  type BucketName,
  bucketVariables,
  scratchTables,
  type TableName,
  tableVariables,
  topicVariable,
} from '@fzip/core';

export type AwsConfig = {
  tables: Record<TableName, string>;
  buckets: Record<BucketName, string>;
  eventsTopicArn: string;
  /** Queue URLs. A function knows only the queues it sends to. */
  queues: Partial<Record<Step, string>>;
  /** The deployment's own bounds instead of the usual ones. */
  limits?: Partial<Limits>;
  /** Of metrics, instead of the usual one. */
  metricsNamespace?: string;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a setting must look like, and how that is said. */
const text = (pattern: RegExp, allowed: string) => z.string().regex(pattern, allowed);
const table = text(/^[\w.-]{3,255}$/, 'the name of a table: 3 to 255 of letters, digits, "_", "." and "-"');
const bucket = text(
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  'the name of a bucket: 3 to 63 of small letters, digits, "." and "-"',
);
const topic = text(/^arn:aws[\w-]*:sns:[\w-]*:\d{12}:[\w-]+$/, 'the ARN of an SNS topic');
const queue = text(/^https?:\/\/\S+\/[\w-]+$/, 'the URL of a queue');

const namespace = text(/^[A-Za-z0-9][\w./#:-]{0,254}$/, 'the namespace of metrics');

const isBound = (name: string): name is keyof Limits => Object.hasOwn(defaultLimits, name);
const boundsAllowed = `a JSON object of whole numbers above 0, named ${Object.keys(defaultLimits).join(', ')}`;
/** `{"runningJobs": 3}` */
const limits = z.string().transform((given, context): Partial<Limits> => {
  try {
    const parsed: unknown = JSON.parse(given);
    const bounds = z.record(z.string(), z.int().positive()).parse(parsed);
    if (Object.keys(bounds).every(isBound)) return bounds;
  } catch {
    // Told below like any other that is not allowed.
  }
  context.addIssue({ code: 'custom', message: boundsAllowed });
  return z.NEVER;
});

const keyed = <K extends string, T extends z.ZodType>(names: readonly K[], schema: T) =>
  Object.fromEntries(names.map((name) => [name, schema])) as Record<K, T>;

/** Every setting of a function, by its variable. Queues are optional: a function has those that it sends to. */
const settings = {
  ...keyed(Object.values(tableVariables), table),
  ...keyed(Object.values(bucketVariables), bucket),
  [topicVariable]: topic,
};
const optional = {
  ...keyed(steps.map(queueVariable), queue.optional()),
  [limitsVariable]: limits.optional(),
  [namespaceVariable]: namespace.optional(),
};
const Settings = z.object({ ...settings, ...optional });

/** The deployment's own bounds alone. @throws Error that says what is allowed */
export const limitsFromEnvironment = (env: Environment = process.env): Partial<Limits> => {
  const parsed = limits.optional().safeParse(env[limitsVariable] || undefined);
  if (parsed.success) return parsed.data ?? {};
  throw new Error(`${limitsVariable} is "${env[limitsVariable]}"; allowed is ${boundsAllowed}`);
};

/** Without them no function starts. */
export const requiredVariables = Object.keys(settings);

/** Reads every setting, once. @throws Error that names every variable that is missing, and what is allowed for one that is wrong */
export const configFromEnvironment = (env: Environment = process.env): AwsConfig => {
  // An empty variable is how an environment says that there is none.
  const given = Object.fromEntries(Object.keys(Settings.shape).map((name) => [name, env[name] || undefined]));
  const parsed = Settings.safeParse(given);
  if (!parsed.success) throw new Error(problemsOf(given, parsed.error));
  const found: Record<string, unknown> = parsed.data;
  const named = <K extends string>(variables: Record<K, string>) =>
    Object.fromEntries(Object.entries<string>(variables).map(([key, name]) => [key, found[name]])) as Record<K, string>;
  return {
    tables: named(tableVariables),
    buckets: named(bucketVariables),
    eventsTopicArn: parsed.data[topicVariable],
    queues: Object.fromEntries(
      steps.flatMap((step) => {
        const url = found[queueVariable(step)];
        return typeof url === 'string' ? [[step, url]] : [];
      }),
    ),
    ...(parsed.data[limitsVariable] === undefined ? {} : { limits: parsed.data[limitsVariable] }),
    ...(parsed.data[namespaceVariable] === undefined ? {} : { metricsNamespace: parsed.data[namespaceVariable] }),
  };
};

const problemsOf = (given: Environment, { issues }: z.ZodError): string => {
  const names = [...new Set(issues.map(({ path }) => String(path[0])))];
  const missing = names.filter((name) => given[name] === undefined);
  const wrong = names
    .filter((name) => given[name] !== undefined)
    .map((name) => `${name} is "${given[name]}"; allowed is ${issues.find(({ path }) => path[0] === name)?.message}`);
  return [...(missing.length > 0 ? [`the environment lacks ${missing.join(', ')}`] : []), ...wrong].join('; ');
};

/** The same names as variables: what `configFromEnvironment` reads back. */
export const environmentOf = (config: AwsConfig): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(tableVariables).map(([key, name]) => [name, config.tables[key as TableName]])),
  ...Object.fromEntries(
    Object.entries(bucketVariables).map(([key, name]) => [name, config.buckets[key as BucketName]]),
  ),
  [topicVariable]: config.eventsTopicArn,
  ...Object.fromEntries(Object.entries(config.queues).map(([step, url]) => [queueVariable(step as Step), url])),
  ...(config.limits === undefined ? {} : { [limitsVariable]: JSON.stringify(config.limits) }),
  ...(config.metricsNamespace === undefined ? {} : { [namespaceVariable]: config.metricsNamespace }),
});
