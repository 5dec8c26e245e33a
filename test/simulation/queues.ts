/** Queues as SQS has them: at least once, in no order, hidden for a while when received, dead-lettered after some receives. */
import { deadLetterQueueName, type Step, topology } from '@fzip/core';
import type { World } from './world.ts';

/** A message on its way. Two letters may be one message: then it comes twice. */
export type Letter = {
  messageId: string;
  step: Step;
  /** On the step's dead-letter queue. */
  isDead: boolean;
  body: string;
  user: string;
  receives: number;
  isGone: boolean;
};

export type SimulatedQueues = {
  /** Has a message come to a step's consumer, in so many ms at least. */
  send(step: Step, body: string, user: string, delayMs?: number): void;
  /** The messages of an invocation that are done. */
  acknowledge(letters: readonly Letter[]): void;
  /** How many letters nobody has acknowledged. */
  left(): number;
};

const dead = { batchSize: 10, visibilitySeconds: 720, maxReceiveCount: Number.POSITIVE_INFINITY };

/** `deliver` starts an invocation with some letters of one queue. */
export const createQueues = (world: World, deliver: (letters: readonly Letter[]) => void): SimulatedQueues => {
  const { timeline, chance } = world;
  const ready = new Map<string, Letter[]>();
  let [left, sent] = [0, 0];

  const show = (letter: Letter): void => {
    if (letter.isGone) return;
    const name = queueOf(letter);
    const waiting = ready.get(name);
    if (waiting) return void waiting.push(letter);
    ready.set(name, [letter]);
    timeline.after(chance.between(1, 40), () => poll(name));
  };
  const poll = (name: string): void => {
    const waiting = (ready.get(name) ?? []).filter(({ isGone }) => !isGone);
    ready.delete(name);
    const [first] = waiting;
    if (!first) return;
    const { batchSize, visibilitySeconds, maxReceiveCount } = first.isDead ? dead : topology[first.step];
    const taken: Letter[] = [];
    for (let room = chance.between(1, batchSize); room > 0 && waiting.length > 0; room -= 1)
      taken.push(...waiting.splice(chance.between(0, waiting.length - 1), 1));
    for (const letter of waiting) show(letter);
    const received = taken.filter((letter) => {
      letter.receives += 1;
      if (letter.receives <= maxReceiveCount) return true;
      bury(letter);
      return false;
    });
    for (const letter of received) timeline.after(visibilitySeconds * 1_000, () => show(letter));
    if (received.length > 0) deliver(received);
  };
  const bury = (letter: Letter): void => {
    letter.isGone = true;
    world.dead.push(letter);
    world.trace?.(deadLetterQueueName(letter.step), `takes ${letter.body}`, '');
    show({ ...letter, isDead: true, isGone: false, receives: 0 });
  };
  const add = (letter: Letter, ms: number): void => {
    left += 1;
    timeline.after(ms, () => show(letter));
  };

  return {
    send: (step, body, user, delayMs = 0) => {
      sent += 1;
      const letter = { messageId: `message-${sent}`, step, isDead: false, body, user, receives: 0, isGone: false };
      const { delayMs: late, isDoubled } = world.faults.delivery(timeline.now());
      add({ ...letter }, delayMs + late);
      // Not of what waits, or a wait of some rounds would fill the queue with itself.
      if (isDoubled && delayMs === 0) add({ ...letter }, delayMs + chance.between(0, 20_000));
    },
    acknowledge: (letters) => {
      for (const letter of letters) {
        if (letter.isGone) continue;
        if (world.faults.isLost(timeline.now())) {
          world.trace?.(queueOf(letter), `loses the acknowledgement of ${letter.body}`, '');
          continue;
        }
        letter.isGone = true;
        left -= 1;
      }
    },
    left: () => left,
  };
};

const queueOf = ({ step, isDead }: Letter): string => (isDead ? deadLetterQueueName(step) : step);
