/** What a queue does with messages, in memory and virtual time: visibility, receive counts, dead letters. */
import { type Messages, type Queues, topology } from '@fzip/core';
import type { Delivered } from '../contracts/delivery.ts';

export type MemoryDeliveries = {
  queues: Queues;
  /** What is visible, in the order it was sent, ten at most; hidden from then on for the visibility. */
  receive(step: keyof Messages): Delivered[];
  /** Removes what was received. Without effect on what others have received since. */
  acknowledge(step: keyof Messages, delivered: readonly Delivered[]): void;
  giveBack(step: keyof Messages, delivered: readonly Delivered[]): void;
  /** Takes out what was received too often. */
  dead(step: keyof Messages): unknown[];
};

type Held = { body: unknown; user: string; receives: number; receipt: string; visibleAt: number };
type Rules = { visibilitySeconds: number; maxReceiveCount: number };

/** @param rules of every queue, instead of the topology's */
export const memoryDeliveries = (clock: () => number, rules: Partial<Rules> = {}): MemoryDeliveries => {
  const queues = new Map<keyof Messages, Held[]>();
  const graves = new Map<keyof Messages, unknown[]>();
  let receipts = 0;
  const rulesOf = (step: keyof Messages): Rules => ({ ...topology[step], ...rules });
  const find = (step: keyof Messages, receipt: string) => queues.get(step)?.find((held) => held.receipt === receipt);

  const bury = (step: keyof Messages, held: Held): boolean => {
    if (held.receives < rulesOf(step).maxReceiveCount) return false;
    graves.set(step, [...(graves.get(step) ?? []), held.body]);
    return true;
  };
  /** As SQS does, a message is found to be dead when it would be received once more. */
  const visible = (step: keyof Messages): Held[] => {
    const due = (queues.get(step) ?? []).filter((held) => held.visibleAt <= clock());
    const dead = new Set(due.filter((held) => bury(step, held)));
    queues.set(
      step,
      (queues.get(step) ?? []).filter((held) => !dead.has(held)),
    );
    return due.filter((held) => !dead.has(held));
  };

  return {
    queues: {
      send: async (step, messages, user, { delaySeconds = 0 } = {}) => {
        const visibleAt = clock() + delaySeconds * 1_000;
        const added = messages.map((message) => ({
          body: JSON.parse(JSON.stringify(message)) as unknown,
          user,
          receives: 0,
          receipt: '',
          visibleAt,
        }));
        queues.set(step, [...(queues.get(step) ?? []), ...added]);
      },
    },
    receive: (step) =>
      visible(step)
        .slice(0, 10)
        .map((held) => {
          receipts += 1;
          held.receipt = String(receipts);
          held.receives += 1;
          held.visibleAt = clock() + rulesOf(step).visibilitySeconds * 1_000;
          const { body, user, receives, receipt } = held;
          return { body: structuredClone(body), user, receives, receipt };
        }),
    acknowledge: (step, delivered) => {
      const done = new Set(delivered.map(({ receipt }) => receipt));
      queues.set(
        step,
        (queues.get(step) ?? []).filter((held) => !done.has(held.receipt) || held.receipt === ''),
      );
    },
    giveBack: (step, delivered) => {
      for (const { receipt } of delivered) {
        const held = find(step, receipt);
        if (held) held.visibleAt = clock();
      }
    },
    dead: (step) => {
      visible(step);
      const dead = graves.get(step) ?? [];
      graves.delete(step);
      return dead;
    },
  };
};
