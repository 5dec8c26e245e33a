/**
 * Whole stories on the embedded runtime, each function with clients of its own: nothing is called that its policy does not allow, and
 * what a policy allows beyond what was called is listed with the reason why no story needs it.
 */
import { randomUUID } from 'node:crypto';
import { fzipClient } from '@fzip/api/client';
import { eventTypes, type FunctionName, functionNames, publicPaths } from '@fzip/core';
import { type Runtime, startRuntime } from '@fzip/local/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { grantsOf } from '../../stacks/policy.ts';
import { type Recorder, recorder } from './recorder.ts';

let on: Runtime;
let record: Recorder;
let events: Awaited<ReturnType<Runtime['subscribe']>>;

const client = (user: string) => fzipClient({ baseUrl: on.url, token: () => on.token(user) });
const ended = (id: string) => events.next((event) => event.subject === id, 120_000);

const backedUp = async (user: string, asked?: Parameters<ReturnType<typeof client>['createBackup']>[0]) => {
  const { backupId } = await client(user).createBackup(asked);
  expect((await ended(backupId)).type).toBe('backup.completed');
  const bytes = await (await client(user).download(backupId)).blob();
  return { backupId, bytes };
};

const uploaded = async (
  user: string,
  bytes: Blob,
  asked: Parameters<ReturnType<typeof client>['createRestore']>[0],
) => {
  const { restoreId, forms } = await client(user).createRestore(asked);
  await client(user).uploadPackage(forms[0], bytes);
  return restoreId;
};

/** Looks again and again: of these nothing tells when they are there. */
const until = async (isThere: () => Promise<boolean>): Promise<void> => {
  while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 100));
};

beforeAll(async () => {
  record = recorder(() => on);
  on = await startRuntime({
    silent: true,
    prefix: `infra-${randomUUID().slice(0, 8)}-`,
    visibilitySeconds: 20,
    retryDelaySeconds: 0,
    maxReceiveCount: 2,
    limits: { chunkRows: 40, smallFileBytes: 500 },
    wrapPorts: (ports, name) => record.wrapPorts(ports, name),
  });
  events = await on.subscribe({ eventType: eventTypes.filter((type) => !type.endsWith('.initiated')) });
}, 60_000);

afterAll(async () => {
  await on.close();
  record.close();
});

const key = (call: { action: string; resource: object }): string => `${call.action} ${JSON.stringify(call.resource)}`;

const beyond = (name: FunctionName): string[] => {
  const allowed = new Set(grantsOf(name).map(key));
  return record
    .calls()
    .filter((call) => call.name === name)
    .map(key)
    .filter((call) => !allowed.has(call))
    .map((call) => `${name}: ${call}`);
};

test('no function calls for more than its policy allows', { timeout: 300_000 }, async () => {
  await on.fillProfile({ user: 'alice', transactions: 60, files: 3, seed: 7 });
  const alice = client('alice');
  await alice.profile();
  const { backupId, bytes } = await backedUp('alice');
  await backedUp('alice', { packageFormat: 'housef3' });
  const [account] = (await on.ports.profiles.page({ userId: 'alice', kind: 'accounts' })).rows;
  await backedUp('alice', { backupType: 'selective', accountIds: [String(account?.accountId)] });
  for (const mode of ['compare', 'deep', 'round_trip'] as const) {
    const { validationId } = await alice.validateBackup(backupId, { mode });
    await until(async () => (await on.ports.jobs.find(validationId))?.status !== 'validation_processing');
    expect((await alice.validationStatus(backupId, validationId)).status, mode).toBe('completed');
  }

  const bob = client('bob');
  const checkedOnly = await uploaded('bob', bytes, { validateOnly: true });
  expect((await ended(checkedOnly)).type).toBe('restore.validated');
  await bob.deleteRestore(checkedOnly);
  const confirmed = await uploaded('bob', bytes, { requireConfirmation: true });
  expect((await ended(confirmed)).type).toBe('restore.awaiting_confirmation');
  await bob.confirmRestore(confirmed);
  expect((await ended(confirmed)).type).toBe('restore.completed');
  await expect(bob.restoreStatus(backupId)).rejects.toMatchObject({ status: 404 });

  // Undone on its way.
  await on.pause('restore-verify');
  const stopped = await uploaded('carol', bytes, {});
  await until(async () => (await on.ports.jobs.find(stopped))?.currentPhase === 'verifying');
  await client('carol').cancelRestore(stopped);
  on.resume('restore-verify');
  expect((await ended(stopped)).type).toBe('restore.canceled');

  // Back to its own: ids are kept.
  const { clearId } = await alice.clearProfile({ confirm: 'alice' });
  expect((await ended(clearId)).type).toBe('profile.cleared');
  const back = await uploaded('alice', bytes, {});
  expect((await ended(back)).type).toBe('restore.completed');

  // A message that is none ends as a dead letter.
  const broken = { jobId: randomUUID(), attempt: 1, piece: 'none' };
  await on.ports.queues.send('backup-collect', [broken as never], 'alice');
  await until(async () => record.calls().some(({ name }) => name === 'dead-letter'));
  const waiting = await bob.createBackup().then(({ backupId: id }) => ended(id).then(() => id));
  await bob.amendBackup(waiting, { expiresInHours: 48 });
  await bob.deleteBackup(waiting);
  await fetch(`${on.url}${publicPaths[0]}`);
  await on.sweepNow();

  expect(functionNames.flatMap(beyond)).toEqual([]);
});

/** Tables and folders that a function may reach and that no story made it reach, with the reason. */
const untouched: { by: RegExp; resource: RegExp; because: string }[] = [
  {
    by: /^restore-unpack$/,
    resource: /"table":"(?!jobs)/,
    because: 'a package without a row leaves nothing to check, so that its last piece begins the restore itself',
  },
  {
    by: /^backup-validate$/,
    resource: /"prefix":"staging/,
    because: 'the plan of volumes is made anew from what is staged where its record is gone',
  },
  {
    by: /^backup-examine$/,
    resource: /"prefix":"uploads/,
    because:
      'a round trip restores from the backup itself; its folder of uploads is cleared like that of every restore',
  },
  {
    by: /^(restore-rollback|sweep)$/,
    resource: /"table":"scratch|"prefix":"scratch|"bucket":"files"|"objects":"files"/,
    because: 'a round trip that failed or died is undone; and a sweep ends uploads of files whose writer died',
  },
];

test('each table and folder that a policy names is one that the function works on', () => {
  const resourceOf = (resource: object) => JSON.stringify({ ...resource, index: undefined });
  const touched = new Set(record.calls().map(({ name, resource }) => `${name} ${resourceOf(resource)}`));
  const others = functionNames.flatMap((name) =>
    grantsOf(name)
      .filter(({ resource }) => 'table' in resource || 'objects' in resource)
      .map(({ resource }) => resourceOf(resource))
      .filter((resource) => !touched.has(`${name} ${resource}`))
      .filter((resource) => !untouched.some((rule) => rule.by.test(name) && rule.resource.test(resource)))
      .map((resource) => `${name} ${resource}`),
  );
  expect([...new Set(others)]).toEqual([]);
});
