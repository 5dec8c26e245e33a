/** Every port in memory, with a clock that stands still until it is moved. */
import { type AuditLine, defaultLimits, type Invocation, type Limits, type MetricName, type Ports } from '@fzip/core';
import { type MemoryJobStore, memoryJobStore } from './job-store.ts';
import { type MemoryLedger, memoryLedger } from './ledger.ts';
import { type MemoryEvents, type MemoryQueues, memoryEvents, memoryQueues } from './messaging.ts';
import { type MemoryObjectStore, memoryObjectStore } from './object-store.ts';
import { type MemoryProfileStore, memoryProfileStore } from './profile-store.ts';

export type Measurement = { name: MetricName; value: number; dimensions: Readonly<Record<string, string>> };

export type MemoryPorts = Ports & {
  jobs: MemoryJobStore;
  ledger: MemoryLedger;
  profiles: MemoryProfileStore;
  scratch: MemoryProfileStore;
  packages: MemoryObjectStore;
  files: MemoryObjectStore;
  queues: MemoryQueues;
  events: MemoryEvents;
  audited: AuditLine[];
  measured: Measurement[];
  /** The clock, in ms since epoch: set it at will. */
  time: { now: number };
};

export type MemoryPortsOptions = {
  now?: number;
  limits?: Partial<Limits>;
  /** By default an invocation with an hour left at the start. */
  invocation?: Invocation;
  /** Rows on one page of the profile store. */
  pageRows?: number;
};

const someDay = Date.UTC(2026, 0, 1);

/** Ports that share one world. `sleep` moves the clock and returns at once; ids are UUIDs in a fixed order. */
export const memoryPorts = (options: MemoryPortsOptions = {}): MemoryPorts => {
  const time = { now: options.now ?? someDay };
  const clock = () => time.now;
  const audited: AuditLine[] = [];
  const measured: Measurement[] = [];
  let ids = 0;
  return {
    jobs: memoryJobStore(),
    ledger: memoryLedger(),
    profiles: memoryProfileStore(options.pageRows === undefined ? {} : { pageRows: options.pageRows }),
    scratch: memoryProfileStore(options.pageRows === undefined ? {} : { pageRows: options.pageRows }),
    packages: memoryObjectStore({ clock }),
    files: memoryObjectStore({ clock }),
    queues: memoryQueues(),
    events: memoryEvents(),
    audit: (line) => {
      audited.push(line);
    },
    audited,
    measure: (name, value, dimensions) => {
      measured.push({ name, value, dimensions });
    },
    measured,
    time,
    clock,
    newId: () => {
      ids += 1;
      return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`;
    },
    sleep: async (ms) => {
      time.now += ms;
    },
    limits: { ...defaultLimits, ...options.limits },
    invocation: options.invocation ?? { id: 'invocation-1', deadline: time.now + 60 * 60_000 },
  };
};
