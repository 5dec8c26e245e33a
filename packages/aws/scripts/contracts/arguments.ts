/** What `npm run test:contracts` was asked for. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';

/** The suites, by their files. */
const suites = ['dynamodb', 'delivery', 'messaging', 'object-store'] as const;

export const help = `npm run test:contracts -- [options]

Runs the contract suites of every port with the AWS adapters: without --endpoint on the
embedded runtime, in this process. What they make elsewhere begins with a random prefix
and is removed at the end.

  --endpoint URL   an AWS-compatible endpoint for all services; AWS_ENDPOINT_URL_S3,
                   AWS_ENDPOINT_URL_SQS, … go before it. "aws" for wherever the SDK's own
                   variables, profile and credentials lead: a real account
  --region NAME    (AWS_REGION, else us-east-1)
  --prefix TEXT    begins the names before what is random, for policies that need it
  --only SUITE     one of ${suites.join(', ')}; may be repeated
  --help
`;

export type Asked = {
  /** A URL, or `aws`; undefined for the embedded runtime. */
  endpoint?: string;
  region: string;
  /** Of every name, what is random included. */
  prefix: string;
  only: readonly string[];
  /** What the SDK reads. */
  env: Record<string, string>;
};

export class UsageError extends Error {}

/** @throws UsageError that says what was found and what is allowed */
export const parse = (argv: readonly string[], env: NodeJS.ProcessEnv): Asked | 'help' => {
  const values = parsed(argv);
  if (values.help) return 'help';
  const { endpoint, prefix = 'fzip-contracts', only = [...suites] } = values;
  const region = values.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    throw new UsageError(`--region is "${region}"; allowed is one as us-east-1`);
  if (!/^[a-z0-9][a-z0-9-]{0,19}$/.test(prefix))
    throw new UsageError(`--prefix is "${prefix}"; allowed are 1 to 20 of a-z, 0-9 and -, as S3 takes them`);
  const unknown = only.find((name) => !suites.some((suite) => suite === name));
  if (unknown !== undefined) throw new UsageError(`--only is "${unknown}"; allowed are ${suites.join(', ')}`);
  const chosen = { region, prefix: `${prefix}-${randomBytes(4).toString('hex')}-`, only };
  if (endpoint === undefined) return { ...chosen, env: {} };
  return { ...chosen, endpoint, env: { AWS_REGION: region, ...variables(endpoint, env) } };
};

const variables = (endpoint: string, env: NodeJS.ProcessEnv): Record<string, string> => {
  if (endpoint === 'aws') return {};
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw new UsageError(`--endpoint is "${endpoint}"; allowed are a URL as http://127.0.0.1:4566, and aws`);
  // Emulators take any credentials, and the SDK sends nothing without some.
  const hasOwn = env.AWS_ACCESS_KEY_ID !== undefined || env.AWS_PROFILE !== undefined;
  return {
    AWS_ENDPOINT_URL: endpoint,
    ...(hasOwn ? {} : { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }),
  };
};

const parsed = (argv: readonly string[]) => {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        endpoint: text,
        region: text,
        prefix: text,
        only: { type: 'string', multiple: true },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};
