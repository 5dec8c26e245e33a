/** The promises of `Queues` and `EventBus`, one test each. */
import { randomUUID } from 'node:crypto';
import { type BackupRequestMessage, type EventBus, eventAttributes, type Queues } from '@fzip/core';
import { expect, test } from 'vitest';
import { sampleEvent, sampleJob, someUser } from '../samples.ts';
import { contract, type Make } from './contract.ts';

/** `received` takes every message out of the queue of `backup-request`. */
export type QueuesWorld = { queues: Queues; received(): Promise<unknown[]> };

const someRequest = (but: { description?: string } = {}): BackupRequestMessage => ({
  jobId: randomUUID(),
  attempt: 1,
  userId: someUser(),
  parameters: { backupType: 'complete', includeAnalytics: true, expiresInHours: 24, ...but },
});

const byJob = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

export const queuesContract = (name: string, make: Make<QueuesWorld>): void =>
  contract(`the queues ${name}`, make, (world) => {
    test('send: when it resolves the queue has every message as it was', async () => {
      const messages = Array.from({ length: 25 }, () => someRequest());
      await world().queues.send('backup-request', messages, someUser());
      expect((await world().received()).sort(byJob)).toEqual(messages.sort(byJob));
    });

    test('send: messages that are too many bytes for one batch', async () => {
      const messages = Array.from({ length: 10 }, () => someRequest({ description: 'ü'.repeat(60_000) }));
      await world().queues.send('backup-request', messages, someUser());
      expect((await world().received()).sort(byJob)).toEqual(messages.sort(byJob));
    });

    test('send: nothing is sent for no message', async () => {
      await world().queues.send('backup-request', [], someUser());
      expect(await world().received()).toEqual([]);
    });
  });

/** `received` takes out what subscribers were told. */
export type EventBusWorld = {
  events: EventBus;
  received(): Promise<{ event: unknown; attributes: Readonly<Record<string, string>> }[]>;
};

export const eventBusContract = (name: string, make: Make<EventBusWorld>): void =>
  contract(`the event bus ${name}`, make, (world) => {
    test('publish: subscribers are told the event, with the attributes that they filter by', async () => {
      const event = sampleEvent(sampleJob());
      await world().events.publish(event, 'backup');
      expect(await world().received()).toEqual([{ event, attributes: eventAttributes(event, 'backup') }]);
    });
  });
