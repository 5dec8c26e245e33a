/** Rules of who may do what. */
import { functionNames } from '@fzip/core';
import { differs } from './expect-equal.ts';
import type { Rule } from './rules.ts';
import type { Policy, Statement, View } from './view.ts';

/** Wildcards that are allowed, each with its reason; `stacks/policy.ts` tells them to whoever reads `docs/security.md`. */
const reasons: { where: RegExp; actions: RegExp; resource: RegExp; effect?: 'Deny'; because: string }[] = [
  {
    where: /CodeRole$/,
    actions: /^s3:(GetObject|PutObject|DeleteObject|AbortMultipartUpload)$/,
    resource: /^arn:aws:s3:::[a-z0-9-]+-packages-\d{12}\/(staging|uploads|packages|scratch)\/\*$/,
    because: 'keys hold ids of users and jobs that are not known before; a prefix is the least there is',
  },
  {
    where: /^(BackupExamine|Sweep|RestoreTransactionFiles|RestoreRollback)CodeRole$/,
    actions: /^s3:DeleteObjectVersion$/,
    resource: /^arn:aws:s3:::[a-z0-9-]+-packages-\d{12}\/scratch\/\*$/,
    because: 'a rollback deletes by version, in file storage and in what stands for it in a round trip',
  },
  {
    where: /CodeRole$/,
    actions: /^s3:(GetObject|PutObject|AbortMultipartUpload|DeleteObjectVersion)$/,
    resource: /^arn:aws:s3:::(fzip-[a-z0-9-]+-files-\d{12}|housef3-files)\/\*$/,
    because: 'the keys of files begin with the id of their user',
  },
  {
    where: /CodeRole$/,
    actions: /^logs:(CreateLogStream|PutLogEvents)$/,
    resource: /^arn:aws:logs:[\w-]+:\d{12}:log-group:\/fzip\/[\w-]+\/[\w-]+:\*$/,
    because: 'a stream is made for each instance of the function',
  },
  {
    where: /CodeRole$/,
    actions: /^xray:Put(TraceSegments|TelemetryRecords)$/,
    resource: /^\*$/,
    because: 'X-Ray knows no resources',
  },
  {
    where: /^Key$/,
    actions: /^kms:(\*|Decrypt|GenerateDataKey)$/,
    resource: /^\*$/,
    because: 'in the policy of a key it means this key; without the account nobody could change the policy again',
  },
  {
    where: /ObjectsPolicy$/,
    actions: /^s3:\*$/,
    resource: /^arn:aws:s3:::[a-z0-9-]+(\/\*)?$/,
    effect: 'Deny',
    because: 'it denies, whatever is asked without TLS',
  },
];

const isReasoned = (policy: Policy, { Effect }: Statement, action: string, resource: string): boolean =>
  reasons.some(
    ({ where, actions, resource: of, effect = 'Allow' }) =>
      where.test(policy.where) && actions.test(action) && of.test(resource) && Effect === effect,
  );

const eachStatement = (view: View, look: (policy: Policy, statement: Statement) => string[]): string[] =>
  view.policies().flatMap((policy) => policy.statements.flatMap((statement) => look(policy, statement)));

/** Names that would be let in by a policy: everybody, the account, services. */
const servicesOf = ({ Principal }: Statement): string[] =>
  [(Principal as { Service?: string | string[] } | undefined)?.Service ?? []].flat();

export const rulesOfAccess: Readonly<Record<string, Rule>> = {
  'no wildcard without a reason': (view) =>
    eachStatement(view, (policy, statement) =>
      statement.Action.flatMap((action) =>
        (statement.Resource.length === 0 ? [''] : statement.Resource)
          .filter(
            (resource) =>
              (action.includes('*') || resource.includes('*')) && !isReasoned(policy, statement, action, resource),
          )
          .map(
            (resource) =>
              `${policy.where}: ${statement.Effect} ${action} on ${resource || 'whatever it is attached to'}`,
          ),
      ),
    ),

  'nobody but this account and named services is let in': (view) =>
    eachStatement(view, (policy, statement) => {
      if (statement.Effect !== 'Allow' || statement.Principal === undefined) return [];
      const { AWS, Service, ...others } = statement.Principal as Record<string, unknown>;
      const isAccount = AWS === undefined || AWS === 'arn:aws:iam::111122223333:root';
      const isKnown = typeof statement.Principal === 'object' && isAccount && Object.keys(others).length === 0;
      return isKnown && (AWS ?? Service) !== undefined
        ? []
        : [`${policy.where} lets in ${JSON.stringify(statement.Principal)}`];
    }),

  'a service is let in for its source alone': (view) =>
    eachStatement(view, (policy, statement) => {
      if (policy.kind === 'trust') return [];
      const { StringEquals, ArnEquals, ArnLike } = statement.Condition ?? {};
      const isBound =
        StringEquals?.['aws:SourceAccount'] === '111122223333' &&
        (ArnEquals ?? ArnLike)?.['aws:SourceArn'] !== undefined;
      return isBound ? [] : servicesOf(statement).map((service) => `${policy.where} lets in ${service} of any source`);
    }),

  'a role trusts one service, for this account': (view) => {
    const trusts = view.policies().filter(({ kind }) => kind === 'trust');
    return [
      ...differs('roles', trusts.length, functionNames.length + 1),
      ...trusts.flatMap(({ where, statements }) =>
        differs(`the trust of ${where}`, statements, [
          {
            Effect: 'Allow',
            Action: ['sts:AssumeRole'],
            Principal: { Service: where.includes('Schedule') ? 'scheduler.amazonaws.com' : 'lambda.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
            Resource: [],
          },
        ]),
      ),
    ];
  },

  'a role has its own policy and none of AWS': (view) =>
    view
      .all('aws:iam/role:Role')
      .flatMap(({ name, inputs }) => [
        ...differs(`${name}: managed policies`, inputs.managedPolicyArns ?? [], []),
        ...differs(`${name}: policies`, inputs.inlinePolicies?.length, 1),
      ]),

  'a policy fits into a role': (view) =>
    view
      .policies()
      .filter(({ kind, text }) => kind === 'role' && text.length > 10_240)
      .map(({ where, text }) => `${where}: ${text.length} characters, 10240 at most`),

  'a key is used through services alone': (view) =>
    eachStatement(view, (policy, { Action, Condition }) =>
      policy.kind === 'role' &&
      Action.some((action) => action.startsWith('kms:')) &&
      !Condition?.StringEquals?.['kms:ViaService']
        ? [`${policy.where} may use the key by itself`]
        : [],
    ),
};
