import { eventAttributes } from '@fzip/core';
import { analyticTypes } from '@fzip/format';
import { expect, test } from 'vitest';
import { deliveryContract } from '../src/contracts/delivery.ts';
import { jobStoreContract } from '../src/contracts/job-store.ts';
import { ledgerContract } from '../src/contracts/ledger.ts';
import { eventBusContract, queuesContract } from '../src/contracts/messaging.ts';
import { objectStoreContract } from '../src/contracts/object-store.ts';
import { profileStoreContract } from '../src/contracts/profile-store.ts';
import { memoryDeliveries } from '../src/memory/delivery.ts';
import { memoryPorts } from '../src/memory/ports.ts';
import { sampleRow, someUser } from '../src/samples.ts';

jobStoreContract('in memory', async () => {
  const { jobs } = memoryPorts();
  return { store: jobs, elsewhere: () => jobs };
});

ledgerContract('in memory', async () => {
  const { ledger } = memoryPorts();
  return { ledger, elsewhere: () => ledger, letters: async () => ledger.letters() };
});

profileStoreContract('in memory', async () => {
  const { profiles } = memoryPorts({ pageRows: 3 });
  return {
    store: profiles,
    put: async (kind, rows) => profiles.put(kind, rows),
    stale: async (userId) => {
      const at = profiles.stale.get(userId);
      return at === undefined ? [] : [...analyticTypes].sort().map((analyticType) => ({ analyticType, at }));
    },
  };
});

objectStoreContract('in memory', async () => {
  const { packages } = memoryPorts();
  return {
    store: packages,
    elsewhere: () => packages,
    begin: packages.begin,
    visit: packages.visit,
    submit: packages.submit,
  };
});

queuesContract('in memory', async () => {
  const { queues } = memoryPorts();
  return { queues, received: async () => queues.sent.splice(0).map(({ message }) => message) };
});

deliveryContract('in memory', async () => {
  let now = 0;
  const rules = { visibilitySeconds: 3, maxReceiveCount: 2 };
  const deliveries = memoryDeliveries(() => now, rules);
  return {
    queues: deliveries.queues,
    rules: { visibilityMs: 3_000, maxReceiveCount: 2 },
    receive: async () => deliveries.receive('backup-request'),
    acknowledge: async (delivered) => deliveries.acknowledge('backup-request', delivered),
    giveBack: async (delivered) => deliveries.giveBack('backup-request', delivered),
    dead: async () => deliveries.dead('backup-request'),
    pass: async (ms) => {
      now += ms;
    },
  };
});

eventBusContract('in memory', async () => {
  const { events } = memoryPorts();
  return {
    events,
    received: async () =>
      events.published.splice(0).map(({ event, jobType }) => ({ event, attributes: eventAttributes(event, jobType) })),
  };
});

test('a pause in memory takes no time and moves the clock', async () => {
  const ports = memoryPorts({ now: 1_000 });
  await ports.sleep(60_000);
  expect(ports.clock()).toBe(61_000);
  ports.time.now = 5;
  expect(ports.clock()).toBe(5);
});

test('a link in memory is good until its time is over', async () => {
  const { packages, sleep } = memoryPorts();
  await packages.put('a', Buffer.from('x'));
  const link = await packages.presignGet('a', { expiresInSeconds: 60, fileName: 'a' });
  await sleep(61_000);
  expect((await packages.visit(link)).status).toBe(403);
});

test('rows in memory are not those that a caller holds', async () => {
  const { profiles } = memoryPorts();
  const userId = someUser();
  const row = sampleRow('accounts', userId, 0, { nested: { a: 1 } });
  profiles.put('accounts', [row]);
  const first = await profiles.page({ userId, kind: 'accounts' });
  Object.assign(first.rows[0]?.nested ?? {}, { a: 2 });
  expect((await profiles.page({ userId, kind: 'accounts' })).rows).toEqual([row]);
});

test('analytics in memory are found by their composed key, with it or without', async () => {
  const { profiles } = memoryPorts();
  const { pk, sk, ...packaged } = sampleRow('analytics', someUser());
  profiles.put('analytics', [packaged]);
  expect(await profiles.get('analytics', [{ pk: pk ?? '', sk: sk ?? '' }])).toEqual([packaged]);
});
