/**
 * What a deployment can be told, all of it in the environment of `sst deploy` and `sst dev`, read once. The functions' own settings are
 * made of it by the stacks and read by `packages/aws/src/config.ts`.
 */
import { defaultLimits } from '../packages/core/src/limits.ts';
import { bucketVariables, hostTables, limitsVariable, tableVariables } from '../packages/core/src/stores.ts';
import type { HostTable } from './permissions.ts';

export type Settings = {
  region: string;
  /** HouseF3's tables and file storage, when there is a HouseF3: then none of them is made, changed or removed here. */
  host?: {
    tables: Readonly<Record<HostTable, string>>;
    bucket: string;
    /** The key that they are under, if it is one of the account's own. */
    keyArn?: string;
  };
  /** HouseF3's user pool and the clients whose tokens are taken, when there is one. */
  identity?: { userPoolId: string; clientIds: string[] };
  /** Pages that may call the API and upload packages. */
  webOrigins: string[];
  /** Who is told of alarms by e-mail, after confirming it once. */
  alarmEmail?: string;
  /** Alarms when the packages bucket grows by more than this within a day. */
  growthGibPerDay: number;
  /** Bounds of the deployment, as the functions read them. */
  limits?: string;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that name HouseF3's tables and bucket: the same that the functions read. */
const hostVariables = [...hostTables.map((table) => tableVariables[table]), bucketVariables.files];

const shapes = {
  stage: [/^[a-z][a-z0-9-]{0,19}$/, 'small letters, digits and "-", beginning with a letter, 20 at most'],
  region: [/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region, as eu-west-1'],
  table: [/^[\w.-]{3,255}$/, 'the name of a table'],
  bucket: [/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'],
  key: [/^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'the ARN of a KMS key'],
  pool: [/^[\w-]+_[0-9a-zA-Z]+$/, 'the id of a Cognito user pool, as eu-west-1_AbCdEfGhI'],
  client: [/^[a-z0-9]{1,128}$/, 'ids of app clients, with commas between them'],
  origin: [
    /^https:\/\/[a-z0-9.-]+(:\d+)?$|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/,
    'https origins without a path, with commas between them',
  ],
  email: [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'an e-mail address'],
  count: [/^[1-9]\d{0,6}$/, 'a whole number above 0'],
} as const satisfies Record<string, readonly [RegExp, string]>;

/** @throws Error that names every setting that is missing or wrong, what was found and what is allowed */
export const settingsOf = (env: Environment, stage: string): Settings => {
  const problems: string[] = [];
  const check = (name: string, value: string, shape: keyof typeof shapes): string => {
    const [pattern, allowed] = shapes[shape];
    if (!pattern.test(value)) problems.push(`${name} is "${value}"; allowed are ${allowed}`);
    return value;
  };
  const optional = (name: string, shape: keyof typeof shapes): string | undefined =>
    env[name] ? check(name, env[name], shape) : undefined;
  const several = (name: string, shape: keyof typeof shapes): string[] =>
    (env[name] ?? '')
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '')
      .map((each) => check(name, each, shape));
  const together = (names: readonly string[], why: string): boolean => {
    const missing = names.filter((name) => !env[name]);
    if (missing.length > 0 && missing.length < names.length) problems.push(`${missing.join(', ')}: missing; ${why}`);
    return missing.length === 0;
  };

  check('the stage', stage, 'stage');
  const hosted = together(hostVariables, 'HouseF3 is named with all of its tables and its bucket, or not at all');
  const keyArn = optional('FZIP_HOST_KEY_ARN', 'key');
  if (keyArn !== undefined && !hosted)
    problems.push('FZIP_HOST_KEY_ARN: is for the tables and the bucket of a HouseF3');
  const known = together(['FZIP_USER_POOL_ID', 'FZIP_USER_POOL_CLIENT_IDS'], 'a user pool is named with its clients');
  const origins = several('FZIP_WEB_ORIGINS', 'origin');
  if (origins.length === 0 && stage === 'production') {
    problems.push(`FZIP_WEB_ORIGINS: missing; production needs ${shapes.origin[1]}`);
  }
  const alarmEmail = optional('FZIP_ALARM_EMAIL', 'email');
  const settings: Settings = {
    region: check('FZIP_REGION', env.FZIP_REGION || env.AWS_REGION || 'eu-west-1', 'region'),
    ...(hosted
      ? {
          host: {
            tables: Object.fromEntries(
              hostTables.map((table) => [
                table,
                check(tableVariables[table], env[tableVariables[table]] ?? '', 'table'),
              ]),
            ) as Record<HostTable, string>,
            bucket: check(bucketVariables.files, env[bucketVariables.files] ?? '', 'bucket'),
            ...(keyArn === undefined ? {} : { keyArn }),
          },
        }
      : {}),
    ...(known
      ? {
          identity: {
            userPoolId: check('FZIP_USER_POOL_ID', env.FZIP_USER_POOL_ID ?? '', 'pool'),
            clientIds: several('FZIP_USER_POOL_CLIENT_IDS', 'client'),
          },
        }
      : {}),
    webOrigins: origins.length > 0 ? origins : ['http://localhost:5173'],
    ...(alarmEmail === undefined ? {} : { alarmEmail }),
    growthGibPerDay: Number(optional('FZIP_GROWTH_GIB_PER_DAY', 'count') ?? 50),
    ...(env[limitsVariable] ? { limits: limitsOf(env[limitsVariable], problems) } : {}),
  };
  if (problems.length > 0) throw new Error(`the settings of this deployment are wrong:\n${problems.join('\n')}`);
  return settings;
};

/** As the functions will read them, who would otherwise fail as they start. */
const limitsOf = (text: string, problems: string[]): string => {
  const names = Object.keys(defaultLimits);
  try {
    const limits: unknown = JSON.parse(text);
    const bounds =
      typeof limits === 'object' && limits !== null && !Array.isArray(limits) ? Object.entries(limits) : [];
    const isBound = ([name, bound]: [string, unknown]) =>
      names.includes(name) && Number.isSafeInteger(bound) && Number(bound) > 0;
    if (bounds.length > 0 && bounds.every(isBound)) return text;
  } catch {
    // Told below like any other that is not allowed.
  }
  const allowed = `a JSON object of whole numbers above 0, named ${names.join(', ')}`;
  problems.push(`${limitsVariable} is "${text}"; allowed is ${allowed}`);
  return text;
};
