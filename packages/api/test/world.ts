/** A world in memory, as large as the API needs it: jobs, a ledger, one bucket's keys, what was sent, told and audited. */
import { randomUUID } from 'node:crypto';
import {
  type AuditLine,
  defaultLimits,
  type FzipEvent,
  type Job,
  type JobPatch,
  type JobStatus,
  type JobStore,
  type LedgerRecord,
  type ObjectStore,
  type Ports,
  StaleJob,
} from '@fzip/core';
import { createApp } from '../src/app.ts';

const notUsed = (name: string) => (): never => {
  throw new Error(`the API has no use for ${name}`);
};

const withoutHoles = (job: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(job).filter(([, value]) => value !== undefined)) as unknown as Job;

const memoryJobs = (rows: Map<string, Job>): JobStore => {
  const owned = (userId: string, jobType: string) =>
    [...rows.values()]
      .filter((job) => job.userId === userId && job.jobType === jobType)
      .sort((a, b) => b.createdAt - a.createdAt || (a.jobId < b.jobId ? 1 : -1));
  return {
    find: async (jobId) => structuredClone(rows.get(jobId)),
    create: async (job) => {
      if (rows.has(job.jobId)) return false;
      rows.set(job.jobId, structuredClone(job));
      return true;
    },
    change: async (job, patch: JobPatch) => {
      const now = rows.get(job.jobId);
      if (!now || now.version !== job.version) throw new StaleJob(job.jobId, job.version);
      const changed = withoutHoles({ ...now, ...patch, version: now.version + 1 });
      rows.set(job.jobId, changed);
      return structuredClone(changed);
    },
    report: notUsed('jobs.report'),
    announce: async (jobId, ids) => {
      const job = rows.get(jobId);
      if (job) rows.set(jobId, { ...job, announced: [...new Set([...job.announced, ...ids])] });
    },
    // The cursor is the last job's place in time, as an index key would be: it stays put when newer jobs come.
    list: async (userId, jobType, { limit, cursor }) => {
      const all = owned(userId, jobType);
      const from = cursor === undefined ? 0 : all.findIndex((job) => job.jobId === cursor) + 1;
      const jobs = all.slice(from, from + limit);
      const last = jobs.at(-1);
      return { jobs, ...(last && from + limit < all.length ? { cursor: last.jobId } : {}) };
    },
    count: async (userId, jobType) => owned(userId, jobType).length,
    withStatus: notUsed('jobs.withStatus'),
    delete: async (jobId) => {
      rows.delete(jobId);
    },
  };
};

const memoryObjects = (keys: Set<string>): ObjectStore => ({
  put: notUsed('put'),
  upload: notUsed('upload'),
  head: notUsed('head'),
  read: notUsed('read'),
  async *list(prefix) {
    for (const key of [...keys]) if (key.startsWith(prefix)) yield { key, size: 1, modifiedAt: 0 };
  },
  folders: notUsed('folders'),
  delete: async (gone) => {
    for (const key of gone) keys.delete(key);
  },
  async *unfinished() {},
  abort: notUsed('abort'),
  presignGet: async (key, { fileName }) =>
    `https://packages.test/${encodeURIComponent(key)}?signature=${randomUUID()}&name=${encodeURIComponent(fileName)}`,
  presignPost: notUsed('presignPost'),
});

const memoryLedger = (records: Map<string, LedgerRecord>): Ports['ledger'] => {
  const keyOf = (scope: object, n: number) => JSON.stringify([scope, n]);
  return {
    put: async (scope, n, record) => {
      const key = keyOf(scope, n);
      if (!records.has(key)) records.set(key, record);
      return records.get(key) as typeof record;
    },
    get: async (scope, n) => records.get(keyOf(scope, n)),
    range: notUsed('ledger.range'),
    mark: notUsed('ledger.mark'),
    lease: notUsed('ledger.lease'),
    release: notUsed('ledger.release'),
    tally: notUsed('ledger.tally'),
    blame: notUsed('ledger.blame'),
    blamed: notUsed('ledger.blamed'),
    bury: notUsed('ledger.bury'),
  };
};

export const start = 1_767_225_600_000;

/** Makes a world and the app over it. `as(user)` is `app.request` with that user's token verified by a gateway. */
export const makeWorld = (overrides: Partial<Ports> = {}) => {
  const jobs = new Map<string, Job>();
  const keys = new Set<string>();
  const sent: unknown[] = [];
  const told: FzipEvent[] = [];
  const audited: AuditLine[] = [];
  const logged: { message: string; requestId: string; error: unknown }[] = [];
  const time = { now: start };
  const objects = memoryObjects(keys);
  const ports: Ports = {
    jobs: memoryJobs(jobs),
    ledger: memoryLedger(new Map()),
    profiles: {
      page: notUsed('profiles.page'),
      count: async (_, kind) => ({ count: kind.length, exact: true }),
    },
    packages: objects,
    files: objects,
    queues: {
      send: async (step, messages) => {
        sent.push(...messages.map((message) => ({ step, message })));
      },
    },
    events: {
      publish: async (event) => {
        told.push(event);
      },
    },
    audit: (line) => audited.push(line),
    clock: () => time.now,
    newId: randomUUID,
    sleep: async () => {},
    limits: defaultLimits,
    invocation: { id: 'request', deadline: start + 30_000 },
    ...overrides,
  };
  const app = createApp({
    ports: () => ports,
    log: (message, { requestId, error }) => logged.push({ message, requestId, error }),
  });
  const as = (user: unknown) => (path: string, init?: RequestInit) =>
    app.request(path, init, {
      event: { requestContext: { requestId: 'gateway-1', authorizer: { jwt: { claims: { sub: user } } } } },
    });
  return { app, as, ports, jobs, keys, sent, told, audited, logged, time };
};
export type World = ReturnType<typeof makeWorld>;

const quality = {
  overall_quality: 'excellent',
  score: 100,
  data_integrity_score: 100,
  completeness_score: 100,
  files_processed: 1,
  files_failed: 0,
  compression_ratio: 4,
  processing_time_seconds: 3,
  issues: [],
  recommendations: [],
} as const satisfies Job['validation'];

const sixCounts = { accounts: 1, categories: 2, file_maps: 0, transaction_files: 1, transactions: 5, analytics: 0 };

/** Puts a job straight into the world, in whatever status. */
export const putJob = (world: World, userId: string, status: JobStatus, more: Partial<Job> = {}): Job => {
  const jobId = more.jobId ?? randomUUID();
  const done: Partial<Job> =
    status === 'backup_completed'
      ? {
          progress: 100,
          currentPhase: 'completed',
          completedAt: world.time.now,
          expiresAt: world.time.now + 86_400_000,
          packageSize: 30,
          packages: [1, 2].map((n) => ({
            key: `backups/${jobId}/${n}.fzip`,
            size: n * 10,
            etag: 'e',
            sha256: `${n}`.repeat(64),
          })),
          validation: { ...quality, issues: [], recommendations: [] },
          summary: {
            counts: sixCounts,
            manifestChecksums: { 'data/accounts.json': 'a'.repeat(64) },
            failedFiles: [],
            failedFilesCount: 0,
            notIncluded: ['analytics processing status'],
          },
        }
      : {};
  const job: Job = {
    jobId,
    userId,
    jobType: 'backup',
    status,
    attempt: 1,
    createdAt: world.time.now,
    updatedAt: world.time.now,
    progress: 0,
    parameters: { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 },
    announced: [],
    redrives: 0,
    version: 1,
    ...done,
    ...more,
  };
  world.jobs.set(job.jobId, job);
  return job;
};

export const post = (body?: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
});
