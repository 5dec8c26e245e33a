/** The ledger in memory. */
import type { DeadLetter, Ledger, LedgerRecord, LedgerScope, LockHolder } from '@fzip/core';

export type MemoryLedger = Ledger & {
  /** The messages that failed for good. */
  letters(): DeadLetter[];
  /** Who holds which lease: key `{jobId}#{attempt}#{step}#{kind}#{n}`. */
  leases: ReadonlyMap<string, { owner: string; until: number }>;
  /** Who holds whose profile, by user. */
  locks: ReadonlyMap<string, LockHolder>;
};

const place = ({ jobId, attempt, step, kind }: LedgerScope): string => `${jobId}#${attempt}#${step}#${kind}`;
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export const memoryLedger = (): MemoryLedger => {
  const records = new Map<string, LedgerRecord>();
  const marks = new Map<string, Set<number>>();
  const leases = new Map<string, { owner: string; until: number }>();
  const locks = new Map<string, LockHolder>();
  const tallies = new Map<string, Map<string, number>>();
  const blames = new Map<string, string>();
  const letters = new Map<string, DeadLetter>();
  const turns = new Map<string, number>();
  const notes = new Map<string, string>();
  const find = (scope: LedgerScope, n: number): LedgerRecord | undefined => {
    const record = records.get(`${place(scope)}#${n}`);
    return record && copy(record);
  };

  return {
    letters: () => [...letters.values()].map(copy),
    leases,
    locks,
    put: async (scope, n, record) => {
      const key = `${place(scope)}#${n}`;
      const counts = records.get(key) ?? copy(record);
      records.set(key, counts);
      return copy(counts) as typeof record;
    },
    get: async (scope, n) => find(scope, n),
    range: async (scope, from, count) => {
      const found: LedgerRecord[] = [];
      for (let n = from; n < from + count; n += 1) {
        const record = find(scope, n);
        if (record === undefined) break;
        found.push(record);
      }
      return found;
    },
    mark: async (scope, page, n) => at(marks, `${place(scope)}#${page}`, () => new Set<number>()).add(n).size,
    lease: async (scope, n, { owner, until, now }) => {
      const key = `${place(scope)}#${n}`;
      const held = leases.get(key);
      if (held && held.owner !== owner && held.until >= now) return false;
      leases.set(key, { owner, until });
      return true;
    },
    release: async (scope, n, owner) => {
      const key = `${place(scope)}#${n}`;
      if (leases.get(key)?.owner === owner) leases.delete(key);
    },
    tally: async (jobId, attempt, piece, done) => {
      const pieces = at(tallies, `${jobId}#${attempt}`, () => new Map<string, number>());
      pieces.set(piece, Math.max(done, pieces.get(piece) ?? done));
      return [...pieces.values()].reduce((sum, each) => sum + each, 0);
    },
    blame: async ({ jobId, attempt }, step, why) => {
      blames.set(`${jobId}#${attempt}#${step}`, why);
    },
    blamed: async ({ jobId, attempt }, step) => blames.get(`${jobId}#${attempt}#${step}`),
    leaseUntil: async (scope, n) => leases.get(`${place(scope)}#${n}`)?.until,
    lockProfile: async (userId, { jobId, attempt }, from) => {
      const held = locks.get(userId);
      const mayTake = held?.jobId === jobId ? held.attempt <= attempt : held === undefined || held.jobId === from;
      const holder = held === undefined || mayTake ? { jobId, attempt } : held;
      locks.set(userId, holder);
      return copy(holder);
    },
    unlockProfile: async (userId, jobId) => {
      if (locks.get(userId)?.jobId === jobId) locks.delete(userId);
    },
    takeTurn: async (userId, windowBegins, allowed) => {
      const taken = turns.get(`${userId}#${windowBegins}`) ?? 0;
      if (taken >= allowed) return false;
      turns.set(`${userId}#${windowBegins}`, taken + 1);
      return true;
    },
    remember: async (name, text) => {
      notes.set(name, text);
    },
    recall: async (name) => notes.get(name),
    bury: async (letter) => {
      if (!letters.has(letter.id)) letters.set(letter.id, copy(letter));
    },
    findBuried: async (id) => {
      const letter = letters.get(id);
      return letter && copy(letter);
    },
    buried: async function* () {
      for (const letter of letters.values()) yield copy(letter);
    },
    noteResent: async (id, resentAt) => {
      const letter = letters.get(id);
      if (letter) letters.set(id, { ...letter, resentAt });
    },
  };
};

const at = <V>(map: Map<string, V>, key: string, make: () => V): V => {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
};
