/** The stacks, evaluated without an account, against every rule; and deliberate mistakes, each found by a rule that names it. */
import { describe, expect, test } from 'vitest';
import { alarms } from '../../stacks/alarms.ts';
import { mistakes } from './mistakes.ts';
import { rules, violations } from './rules.ts';
import { type Deployment, deployments, evaluate } from './stages.ts';
import { type Seen, type View, viewOf } from './view.ts';

const views = Object.fromEntries(
  await Promise.all(
    Object.entries(deployments).map(async ([name, { stage, env }]) => [name, await evaluate(stage, env)] as const),
  ),
) as Record<Deployment, View>;
const names = Object.keys(deployments) as Deployment[];

describe.each(names)('%s', (name) => {
  const view = views[name];
  test.each(Object.entries(rules))('%s', (_, rule) => {
    expect(rule(view)).toEqual([]);
  });
});

describe('HouseF3', () => {
  const [alone, beside] = [views['production, alone'], views['production beside HouseF3']];
  const tables = (view: View) => view.all('aws:dynamodb/table:Table').map(({ inputs }) => inputs.name);

  test('has its tables, files and users made where there is none', () => {
    expect(tables(alone)).toHaveLength(14);
    expect(alone.bucket('files')).toBeDefined();
    expect(alone.all('aws:cognito/userPool:UserPool')).toHaveLength(1);
  });

  test('keeps its own: none of them is made, changed or removed', () => {
    expect(tables(beside).filter((table) => !/-(jobs|scratch-.*)$/.test(table))).toEqual([]);
    expect(beside.bucket('files')).toBeUndefined();
    expect(beside.all('aws:cognito/userPool:UserPool')).toEqual([]);
    const touched = beside.evaluation.resources.filter(
      ({ type, inputs }) =>
        !/^aws:(lambda\/function|iam\/role|cloudwatch\/|sst:)/.test(type) &&
        JSON.stringify(inputs).includes('housef3-'),
    );
    expect(touched.map(({ name }) => name)).toEqual([]);
    const collect = beside.named('aws:lambda/function:Function', 'fzip-production-backup-collect');
    expect(collect?.inputs.environment.variables).toMatchObject({
      ACCOUNTS_TABLE: 'housef3-accounts',
      FILE_STORAGE_BUCKET: 'housef3-files',
    });
    const [authorizer] = beside.all('aws:apigatewayv2/authorizer:Authorizer');
    expect(authorizer?.inputs.jwtConfiguration).toEqual({
      issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_HouseF3pool',
      audiences: ['webclient', 'mobileclient'],
    });
  });

  test('under a key of its own lets functions use it, through its services', () => {
    const role = beside.policies().find(({ where, kind }) => where === 'BackupCollectCodeRole' && kind === 'role');
    const ofHost = role?.statements.filter(({ Resource }) => Resource[0]?.endsWith('key/housef3'));
    expect(ofHost?.map(({ Action, Condition }) => [Action, Condition?.StringEquals?.['kms:ViaService']])).toEqual([
      [['kms:Decrypt', 'kms:DescribeKey'], ['dynamodb.eu-west-1.amazonaws.com']],
    ]);
    expect(JSON.stringify(alone.policies())).not.toContain('key/housef3');
  });
});

test('sst dev: functions are live, with the same settings and roles of their own', async () => {
  const live = await evaluate('dev', {}, 'dev');
  const collect = live.named('aws:lambda/function:Function', 'fzip-dev-backup-collect')?.inputs;
  const deployed = views['a development stage, alone'].named('aws:lambda/function:Function', 'fzip-dev-backup-collect');
  expect(collect?.description).toContain('live');
  expect(collect?.environment.variables).toMatchObject(deployed?.inputs.environment.variables);
  expect(live.evaluation.handlers).toEqual(views['a development stage, alone'].evaluation.handlers);
  // The bridge of `sst dev` needs more than a deployment; nothing but trust and its own bucket and topic.
  const found = violations(live).filter((problem) => !problem.includes('is ["provided.al2023"'));
  expect(found.map((problem) => problem.split(':')[0])).toEqual(
    found.map(() =>
      expect.stringMatching(/^(a role trusts one service|no wildcard without a reason|nobody but this account)/),
    ),
  );
});

test('an alarm is named once, and somebody is told by mail where an address is given', () => {
  const ids = alarms(50).map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
  const mails = (view: View) =>
    view.all('aws:sns/topicSubscription:TopicSubscription').filter(({ inputs }) => inputs.protocol === 'email');
  expect(mails(views['production, alone']).map(({ inputs }) => inputs.endpoint)).toEqual(['on-call@example.com']);
  expect(mails(views['a development stage, alone'])).toEqual([]);
});

describe('a deliberate mistake is found', () => {
  test.each(Object.entries(mistakes))('%s', (_, { make, found, at = 'production, alone' }) => {
    const copy = structuredClone(views[at].evaluation);
    make({
      all: (type) => (copy.resources as Seen[]).filter((resource) => resource.type === type),
      remove: (type, name) => {
        const before = copy.resources.length;
        copy.resources = copy.resources.filter((resource) => resource.type !== type || !resource.name.startsWith(name));
        if (copy.resources.length === before) throw new Error(`there is no ${type} ${name} to remove`);
      },
      app: copy.app,
    });
    const after = violations(viewOf(copy));
    expect(after.length).toBeGreaterThan(0);
    expect(after).toContainEqual(expect.stringContaining(found));
  });
});
