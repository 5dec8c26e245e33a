/** What may go wrong, and when it does. */
import type { Chance } from './chance.ts';

/** One call of a port, as a process makes it. */
export type Call = {
  port: string;
  method: string;
  /** It changes something. */
  isEffect: boolean;
  /** It can be done in part: some rows of a batch, some messages, some of a body. */
  isDivisible: boolean;
};

/**
 * - fails before: nothing happened, and the caller is told so
 * - fails after: it happened, and the caller is told that it failed
 * - lands late: the caller is told that it failed, and later it happens
 * - half: some of it happened, and the caller is told that it failed
 * - twice: it happened, the answer was lost, and the client below asked again; the caller gets the second answer
 * - dies before, dies after: the process ends at this call and never goes on
 * - pauses: the answer comes when the process wakes, long after its message is visible again
 */
export const faultKinds = [
  'fails before',
  'fails after',
  'lands late',
  'half',
  'twice',
  'dies before',
  'dies after',
  'pauses',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export type Fault = { kind: FaultKind /** How long a pause is, or how late a call lands. */; ms: number };

export type Faults = {
  /** What goes wrong with a call that is made now; undefined if nothing does. */
  of(call: Call, now: number, process: string): Fault | undefined;
  /** A message: how long it takes, and whether it comes twice. */
  delivery(now: number): { delayMs: number; isDoubled: boolean };
  /** An acknowledgement, or a notification of the storage, that gets lost. */
  isLost(now: number): boolean;
};

export const noFaults: Faults = {
  of: () => undefined,
  delivery: () => ({ delayMs: 0, isDoubled: false }),
  isLost: () => false,
};

/** Nothing fails, and every so many messages one comes twice. */
export const messagesTwice = (every: number): Faults => {
  let sent = 0;
  return {
    ...noFaults,
    delivery: () => {
      sent += 1;
      return { delayMs: 0, isDoubled: sent % every === 0 };
    },
  };
};

const [second, minute] = [1_000, 60_000];

/** How rough a run is: how many of all calls fail, messages double, and whether calls are throttled in bursts. */
const moods = {
  calm: { calls: 0.002, messages: 0.02, lost: 0.01, bursts: 0 },
  rough: { calls: 0.012, messages: 0.1, lost: 0.05, bursts: 0.3 },
  stormy: { calls: 0.03, messages: 0.25, lost: 0.15, bursts: 0.6 },
} as const;

const weights: Readonly<Record<FaultKind, number>> = {
  'fails before': 20,
  'fails after': 20,
  'lands late': 8,
  half: 14,
  twice: 12,
  'dies before': 8,
  'dies after': 10,
  pauses: 10,
};

/** Of a read, what happens to it is that its caller learns nothing. */
const readWeights: Readonly<Partial<Record<FaultKind, number>>> = {
  'fails before': 20,
  half: 10,
  'dies before': 8,
  pauses: 14,
};

/** Faults by chance. They stop after some hours and some number, so that what is left can be put in order. */
export const randomFaults = (chance: Chance, start: number): Faults => {
  const mood = moods[chance.weighed({ calm: 3, rough: 4, stormy: 3 })];
  const until = start + chance.between(10, 240) * minute;
  let left = chance.between(1, 60);
  const burst = burstOf(chance, start, mood.bursts);
  const isOver = (now: number) => now > until || left <= 0;
  return {
    of: ({ port, isEffect, isDivisible }, now) => {
      if (port === burst.port && now >= burst.from && now < burst.to && chance.happens(burst.p))
        return { kind: 'fails before', ms: 0 };
      if (isOver(now)) return undefined;
      if (!chance.happens(isEffect ? mood.calls * 2 : mood.calls / 2)) return undefined;
      const kind = chance.weighed((isEffect ? weights : readWeights) as Record<FaultKind, number>);
      left -= 1;
      if (kind === 'half' && !isDivisible) return { kind: 'fails before', ms: 0 };
      return { kind, ms: kind === 'pauses' ? pauseMs(chance) : chance.between(50, 20 * second) };
    },
    delivery: (now) => ({
      delayMs: isOver(now) || !chance.happens(0.2) ? chance.between(0, 300) : chance.between(0, 90 * second),
      isDoubled: !isOver(now) && chance.happens(mood.messages),
    }),
    isLost: (now) => !isOver(now) && chance.happens(mood.lost),
  };
};

/** Past the deadline of the invocation, past the visibility of its message, or past nearly everything. */
const pauseMs = (chance: Chance): number =>
  chance.pick([
    chance.between(20 * second, 3 * minute),
    chance.between(12 * minute, 20 * minute),
    chance.between(1 * minute, 150 * minute),
  ]);

type Burst = { port: string; from: number; to: number; p: number };

/** A while in which one service refuses most calls. */
const burstOf = (chance: Chance, start: number, p: number): Burst => {
  const port = chance.pick(['jobs', 'ledger', 'profiles', 'packages', 'files', 'queues', 'events']);
  if (!chance.happens(p)) return { port, from: 0, to: 0, p: 0 };
  const from = start + chance.between(0, 30 * second);
  // Now and then a service is out for longer than messages are received.
  const isOutage = chance.happens(0.15);
  const ms = isOutage ? chance.between(90 * minute, 150 * minute) : chance.between(200, 30 * minute);
  return { port, from, to: from + ms, p: isOutage ? 1 : 0.7 };
};

/** One fault, at the n-th side effect, that lasts so long if it lasts. `effects` counts those that were made. */
export const faultAt = (nth: number, kind: FaultKind, ms = 15_000): Faults & { effects(): number } => {
  let effects = 0;
  return {
    ...noFaults,
    effects: () => effects,
    of: (call) => {
      if (!call.isEffect) return undefined;
      effects += 1;
      return effects === nth ? { kind: kind === 'half' && !call.isDivisible ? 'fails before' : kind, ms } : undefined;
    },
  };
};

/** Of the calls that a step's first process makes, the n-th answers after so long. */
export const pausing = (step: string, nth: number, ms: number): Faults & { paused(): Call | undefined } => {
  let [calls, first] = [0, undefined as string | undefined];
  let paused: Call | undefined;
  return {
    ...noFaults,
    paused: () => paused,
    of: (call, _, process) => {
      if (!process.startsWith(`${step} `)) return undefined;
      first ??= process;
      if (process !== first) return undefined;
      calls += 1;
      if (calls !== nth) return undefined;
      paused = call;
      return { kind: 'pauses', ms };
    },
  };
};

/** One service that is out from the beginning on, for so long. */
export const outage = (port: string, ms: number): Faults => {
  let until: number | undefined;
  return {
    ...noFaults,
    of: (call, now) => {
      until ??= now + ms;
      return call.port === port && now < until ? { kind: 'fails before', ms: 0 } : undefined;
    },
  };
};
