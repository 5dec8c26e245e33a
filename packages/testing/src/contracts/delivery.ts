/** The promises of `Queues` about what becomes of a message once it is sent, as the consumers live by them. */
import { randomUUID } from 'node:crypto';
import type { BackupRequestMessage, Queues } from '@fzip/core';
import { expect, test } from 'vitest';
import { someUser } from '../samples.ts';
import { contract, type Make } from './contract.ts';

/** One receive of a message. */
export type Delivered = {
  body: unknown;
  user: string | undefined;
  /** This one included. */
  receives: number;
  /** Of this receive; a later one has another. */
  receipt: string;
};

/** The queue of `backup-request`, with rules that do not take long. */
export type DeliveryWorld = {
  queues: Queues;
  rules: { visibilityMs: number; maxReceiveCount: number };
  /** Receives some of what is visible, ten at most; nothing if nothing is. */
  receive(): Promise<Delivered[]>;
  acknowledge(delivered: readonly Delivered[]): Promise<void>;
  /** Makes visible at once what was received. */
  giveBack(delivered: readonly Delivered[]): Promise<void>;
  /** Takes everything out of the dead-letter queue. */
  dead(): Promise<unknown[]>;
  /** Lets time go by, ms. */
  pass(ms: number): Promise<void>;
};

const someRequest = (): BackupRequestMessage => ({
  jobId: randomUUID(),
  attempt: 1,
  userId: someUser(),
  parameters: { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 },
});

const sorted = (bodies: readonly unknown[]): string[] => bodies.map((body) => JSON.stringify(body)).sort();

export const deliveryContract = (name: string, make: Make<DeliveryWorld>): void =>
  contract(`the delivery ${name}`, make, (world) => {
    receivingTests(world);
    visibilityTests(world);
    deadLetterTests(world);
  });

type World = () => DeliveryWorld;

/** Services may give fewer at a time than there are: receives until there are as many, for a quarter of a minute at most. */
const receiveMany = async (world: World, count: number): Promise<Delivered[]> => {
  const received: Delivered[] = [];
  for (let tries = 0; received.length < count && tries < 60; tries += 1) {
    received.push(...(await world().receive()));
    if (received.length < count) await world().pass(250);
  }
  return received;
};

const sent = async (world: World, count: number, user = someUser()): Promise<BackupRequestMessage[]> => {
  const messages = Array.from({ length: count }, someRequest);
  await world().queues.send('backup-request', messages, user);
  return messages;
};

const receivingTests = (world: World): void => {
  test('every message comes once, with its user, for the first time; acknowledged, it never comes again', async () => {
    const [ann, bob] = [someUser(), someUser()];
    const messages = [...(await sent(world, 12, ann)), ...(await sent(world, 3, bob))];
    const received = await receiveMany(world, 15);
    expect(sorted(received.map(({ body }) => body))).toEqual(sorted(messages));
    expect(received.filter(({ user }) => user === ann)).toHaveLength(12);
    expect(received.filter(({ user }) => user === bob)).toHaveLength(3);
    expect(received.every(({ receives }) => receives === 1)).toBe(true);
    await world().acknowledge(received);
    await world().pass(world().rules.visibilityMs + 500);
    expect(await world().receive()).toEqual([]);
  });

  test('of a batch that failed in part, what failed comes again, counted, and its neighbours do not', async () => {
    await sent(world, 4);
    const received = await receiveMany(world, 4);
    const [failed] = received;
    await world().acknowledge(received.slice(1));
    await world().giveBack(received.slice(0, 1));
    const again = await receiveMany(world, 1);
    expect(again).toMatchObject([{ body: failed?.body, receives: 2 }]);
    await world().acknowledge(again);
    expect(await world().receive()).toEqual([]);
  });
};

const visibilityTests = (world: World): void => {
  test('what was received is hidden, and comes again, counted, when its visibility is over', async () => {
    const [message] = await sent(world, 1);
    const first = await receiveMany(world, 1);
    expect(await world().receive()).toEqual([]);
    await world().pass(world().rules.visibilityMs + 500);
    const again = await receiveMany(world, 1);
    expect([...first, ...again]).toMatchObject([
      { body: message, receives: 1 },
      { body: message, receives: 2 },
    ]);
    await world().acknowledge(again);
    await world().pass(world().rules.visibilityMs + 500);
    expect(await world().receive()).toEqual([]);
  });

  test('a delay hides a message for that long', async () => {
    const message = someRequest();
    await world().queues.send('backup-request', [message], someUser(), { delaySeconds: 4 });
    expect(await world().receive()).toEqual([]);
    await world().pass(4_500);
    const received = await receiveMany(world, 1);
    expect(received).toMatchObject([{ body: message, receives: 1 }]);
    await world().acknowledge(received);
  });
};

const deadLetterTests = (world: World): void => {
  test('what was received as often as is allowed is a dead letter, whole, and comes no more', async () => {
    const [message] = await sent(world, 1);
    for (let receives = 1; receives <= world().rules.maxReceiveCount; receives += 1) {
      const received = await receiveMany(world, 1);
      expect(received).toMatchObject([{ body: message, receives }]);
      await world().giveBack(received);
    }
    const dead: unknown[] = [];
    for (let tries = 0; dead.length === 0 && tries < 60; tries += 1) {
      expect(await world().receive()).toEqual([]);
      dead.push(...(await world().dead()));
      if (dead.length === 0) await world().pass(250);
    }
    expect(dead).toEqual([message]);
    expect(await world().dead()).toEqual([]);
  });
};
