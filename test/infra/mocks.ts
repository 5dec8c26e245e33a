/** What AWS would answer: the outputs of resources and of look-ups, for an account that is nobody's. */

export const region = 'eu-west-1';
export const account = '111122223333';

type Values = Record<string, unknown>;
type Made = { id: string; state: Values };

const text = (value: unknown): string => String(value);
const arn = (service: string, rest: string): string => `arn:aws:${service}:${region}:${account}:${rest}`;

/** How each kind of resource is called by others: what of it stacks pass on, beside what it was made of. */
const outputs: Record<string, (inputs: Values, name: string) => { id?: string } & Values> = {
  'aws:s3/bucket:Bucket': ({ bucket }) => ({
    id: text(bucket),
    arn: `arn:aws:s3:::${bucket}`,
    bucketDomainName: `${bucket}.s3.amazonaws.com`,
  }),
  'aws:sqs/queue:Queue': ({ name }) => {
    const url = `https://sqs.${region}.amazonaws.com/${account}/${name}`;
    return { id: url, url, arn: arn('sqs', text(name)) };
  },
  'aws:sns/topic:Topic': ({ name }) => ({ id: arn('sns', text(name)), arn: arn('sns', text(name)) }),
  'aws:dynamodb/table:Table': ({ name }) => ({ id: text(name), arn: arn('dynamodb', `table/${name}`) }),
  'aws:lambda/function:Function': ({ name }) => ({
    id: text(name),
    arn: arn('lambda', `function:${name}`),
    invokeArn: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn('lambda', `function:${name}`)}/invocations`,
  }),
  'aws:iam/role:Role': ({ name }) => ({ id: text(name), arn: `arn:aws:iam::${account}:role/${name}` }),
  'aws:kms/key:Key': (_, name) => ({ id: `key-${name}`, keyId: `key-${name}`, arn: arn('kms', `key/key-${name}`) }),
  'aws:cloudwatch/logGroup:LogGroup': ({ name }) => ({ id: text(name), arn: arn('logs', `log-group:${name}`) }),
  'aws:apigatewayv2/api:Api': () => ({
    id: 'api0000001',
    apiEndpoint: `https://api0000001.execute-api.${region}.amazonaws.com`,
    executionArn: arn('execute-api', 'api0000001'),
  }),
  'aws:cognito/userPool:UserPool': () => ({
    id: `${region}_Users0001`,
    arn: arn('cognito-idp', `userpool/${region}_Users0001`),
  }),
  'aws:cognito/userPoolClient:UserPoolClient': () => ({ id: 'client0000000000000000001' }),
  'random:index/randomBytes:RandomBytes': ({ length }) => ({
    base64: Buffer.alloc(Number(length), 1).toString('base64'),
    hex: Buffer.alloc(Number(length), 1).toString('hex'),
  }),
};

export const resourceOf = (type: string, name: string, inputs: Values): Made => {
  // A resource without a name of its own gets one from its provider.
  const named = { name: inputs.name ?? name, ...inputs };
  const { id = `${name}-id`, ...more } = outputs[type]?.(named, name) ?? {};
  return { id, state: { arn: arn('mock', `${type}/${name}`), ...named, ...more } };
};

type Condition = { test: string; variable: string; values: string[] };
type DocumentStatement = {
  effect?: string;
  actions: string[];
  resources?: string[];
  principals?: { type: string; identifiers: string[] }[];
  conditions?: Condition[];
};

/** The document that the provider makes of statements. */
const policyDocument = (statements: readonly DocumentStatement[] = []): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(({ effect = 'Allow', actions, resources, principals, conditions = [] }) => ({
      Effect: effect,
      Action: actions,
      ...(resources === undefined ? {} : { Resource: resources }),
      ...(principals === undefined ? {} : { Principal: principalOf(principals) }),
      ...(conditions.length === 0 ? {} : { Condition: conditionsOf(conditions) }),
    })),
  });

const principalOf = (principals: NonNullable<DocumentStatement['principals']>) =>
  principals.some(({ type }) => type === '*')
    ? '*'
    : Object.fromEntries(principals.map(({ type, identifiers }) => [type, identifiers]));

const conditionsOf = (conditions: readonly Condition[]) => {
  const tests: Record<string, Record<string, string[]>> = {};
  for (const { test, variable, values } of conditions) {
    tests[test] ??= {};
    tests[test][variable] = values;
  }
  return tests;
};

/** @throws Error for a look-up that no stack made when this was written */
export const answerTo = (token: string, inputs: Values): Values => {
  if (token === 'aws:index/getRegion:getRegion') return { region, name: region, id: region };
  if (token === 'aws:index/getPartition:getPartition') return { partition: 'aws', id: 'aws' };
  if (token === 'aws:index/getCallerIdentity:getCallerIdentity') {
    return { accountId: account, id: account, arn: `arn:aws:iam::${account}:user/nobody` };
  }
  if (token === 'aws:iam/getPolicyDocument:getPolicyDocument') {
    return { ...inputs, json: policyDocument(inputs.statements as DocumentStatement[]) };
  }
  throw new Error(`the stacks look up ${token}, for which the evaluation has no answer`);
};
