/** The app over a world in memory, and requests that come as from a gateway that has verified a token. */
import { randomUUID } from 'node:crypto';
import type { Job, JobStatus } from '@fzip/core';
import { memoryPorts, sampleJob } from '@fzip/testing';
import { createApp } from '../src/app.ts';

export const start = Date.UTC(2026, 0, 1);

/** `as(user)` is `app.request` with that user's token verified. */
export const makeWorld = () => {
  const ports = memoryPorts({ now: start });
  const logged: { message: string; requestId: string; error: unknown }[] = [];
  const app = createApp({
    ports: () => ports,
    log: (message, { requestId, error }) => logged.push({ message, requestId, error }),
  });
  const as = (user: unknown) => (path: string, init?: RequestInit) =>
    app.request(path, init, {
      event: { requestContext: { requestId: 'gateway-1', authorizer: { jwt: { claims: { sub: user } } } } },
    });
  return { app, as, ports, logged };
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

/** What a job has only when it is completed: two volumes and a verdict. */
const completion = (jobId: string, now: number): Partial<Job> => ({
  progress: 100,
  currentPhase: 'completed',
  completedAt: now,
  expiresAt: now + 86_400_000,
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
});

/** Puts a job straight into the world, in whatever status. */
export const putJob = async (
  world: World,
  userId: string,
  status: JobStatus,
  more: Partial<Job> = {},
): Promise<Job> => {
  const jobId = randomUUID();
  const now = world.ports.clock();
  const done = status === 'backup_completed' ? completion(jobId, now) : {};
  const job = sampleJob({ jobId, userId, status, createdAt: now, updatedAt: now, ...done, ...more });
  await world.ports.jobs.create(job);
  return job;
};

/** Puts a restore straight into the world. By default it asks for nothing special. */
export const putRestore = (world: World, userId: string, status: JobStatus, more: Partial<Job> = {}): Promise<Job> =>
  putJob(world, userId, status, {
    jobType: 'restore',
    parameters: undefined,
    restore: { validateOnly: false, requireConfirmation: false, idMode: 'auto', volumes: 1 },
    ...more,
  });

export const post = (body?: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
});
