/** Queues and topic in memory: what was sent lies there to be looked at. */
import type { EventBus, FzipEvent, JobType, Messages, Queues } from '@fzip/core';

export type SentMessage = {
  [S in keyof Messages]: { step: S; message: Messages[S]; user: string };
}[keyof Messages];

/** Every message in the order it was sent. A test takes them out as a consumer would. */
export type MemoryQueues = Queues & { sent: SentMessage[] };

export const memoryQueues = (): MemoryQueues => {
  const sent: SentMessage[] = [];
  return {
    sent,
    send: async (step, messages, user) => {
      // Through JSON, as on the wire: what that loses is lost here too.
      for (const message of messages) sent.push(JSON.parse(JSON.stringify({ step, message, user })) as SentMessage);
    },
  };
};

export type MemoryEvents = EventBus & { published: { event: FzipEvent; jobType: JobType }[] };

export const memoryEvents = (): MemoryEvents => {
  const published: MemoryEvents['published'] = [];
  return {
    published,
    publish: async (event, jobType) => {
      published.push({ event: structuredClone(event), jobType });
    },
  };
};
