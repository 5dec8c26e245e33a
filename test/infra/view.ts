/** An evaluation, looked at by what resources are and whom they mean. */
import type { Evaluation, Resource } from './evaluate.ts';

// Inputs are whatever a provider takes; each rule says what it expects of them.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Inputs = Record<string, any>;
export type Seen = Omit<Resource, 'inputs'> & { inputs: Inputs };

export type Statement = {
  Effect: string;
  Action: string[];
  Resource: string[];
  Principal?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
};

/** One policy, wherever it stands. */
export type Policy = { where: string; kind: 'role' | 'trust' | 'resource'; statements: Statement[]; text: string };

const list = (value: unknown): string[] => (value === undefined ? [] : ([value].flat() as string[]));

export const statementsOf = (text: string): Statement[] =>
  (JSON.parse(text).Statement as Inputs[]).map((statement) => ({
    ...(statement as Statement),
    Action: list(statement.Action),
    Resource: list(statement.Resource),
  }));

const policy = (where: string, kind: Policy['kind'], text: string): Policy => ({
  where,
  kind,
  statements: statementsOf(text),
  text,
});

export const viewOf = (evaluation: Evaluation) => {
  const resources = evaluation.resources as Seen[];
  const all = (type: string) => resources.filter((resource) => resource.type === type);
  const named = (type: string, name: string): Seen | undefined => all(type).find(({ inputs }) => inputs.name === name);
  return {
    evaluation,
    all,
    named,
    stage: String(evaluation.app.stage),
    isProduction: evaluation.app.stage === 'production',
    nameOf: (what: string) => `${evaluation.app.name}-${evaluation.app.stage}-${what}`,
    /** The one bucket whose name begins so. */
    bucket: (what: string) =>
      all('aws:s3/bucket:Bucket').find(({ inputs }) => String(inputs.bucket).includes(`-${what}-`)),
    of: (type: string, bucket: Seen) => all(type).filter(({ inputs }) => inputs.bucket === bucket.inputs.bucket),
    policies: (): Policy[] => [
      ...all('aws:iam/role:Role').flatMap(({ name, inputs }) => [
        policy(name, 'trust', inputs.assumeRolePolicy),
        ...((inputs.inlinePolicies ?? []) as Inputs[]).map((inline) => policy(name, 'role', inline.policy)),
      ]),
      ...['aws:sqs/queuePolicy:QueuePolicy', 'aws:sns/topicPolicy:TopicPolicy', 'aws:s3/bucketPolicy:BucketPolicy']
        .flatMap(all)
        .map(({ name, inputs }) => policy(name, 'resource', inputs.policy)),
      ...all('aws:kms/key:Key').map(({ name, inputs }) => policy(name, 'resource', inputs.policy)),
    ],
  };
};

export type View = ReturnType<typeof viewOf>;
