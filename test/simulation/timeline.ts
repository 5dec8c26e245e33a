/** Virtual time: what is to happen, in its order. Nothing else moves the clock. */
import { quiet } from './quiet.ts';

export type Timeline = {
  /** ms since epoch */
  now(): number;
  /** Has something happen in so many ms; of two at the same time the one that was asked for first comes first. */
  after(ms: number, run: () => void): void;
  /** Lets the next thing happen, and everything that follows from it at once. False if there is none. */
  step(): Promise<boolean>;
  steps(): number;
  /** How many things are to happen. */
  size(): number;
};

type Due = { at: number; run: () => void };

export const createTimeline = (start: number, onTime: (now: number) => void): Timeline => {
  const due: Due[] = [];
  let [now, steps] = [start, 0];
  return {
    now: () => now,
    after: (ms, run) => {
      const at = now + Math.max(0, ms);
      // The list is short and what comes is mostly late in it.
      let place = due.length;
      while (place > 0 && (due[place - 1] as Due).at > at) place -= 1;
      due.splice(place, 0, { at, run });
    },
    step: async () => {
      const next = due.shift();
      if (!next) return false;
      now = next.at;
      steps += 1;
      onTime(now);
      next.run();
      await quiet();
      return true;
    },
    size: () => due.length,
    steps: () => steps,
  };
};
