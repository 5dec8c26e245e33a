/** Restores on ports in memory: packages to restore, and what became of a profile. */
import {
  createBackup,
  createRestore,
  type Job,
  type Limits,
  type Ports,
  type RestoreParameters,
  sweep,
  uploadKey,
} from '@fzip/core';
import { type EntityKind, entityKinds, formatRow, type Row } from '@fzip/format';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { expect } from 'vitest';
import { drain, fill } from './drive.ts';

/** Of alice's profile. */
export const sizes = { transactions: 30, files: 3 };
export const small: Partial<Limits> = { chunkRows: 60, handOverMs: 0 };
export const asked: RestoreParameters = { validateOnly: false, requireConfirmation: false, idMode: 'auto', volumes: 1 };

/** A package of alice's, made by a backup, and the world it was made in; of small volumes it is a set. */
export const world = async (
  limits: Partial<Limits> = {},
): Promise<{ ports: MemoryPorts; bytes: Buffer; volumes: Buffer[] }> => {
  const ports = memoryPorts({ limits: { ...small, ...limits } });
  await fill(ports, 'alice', sizes);
  const volumes = await backUp(ports, 'alice');
  await sweep(ports);
  return { ports, bytes: volumes[0] as Buffer, volumes };
};

/** Backs a user up; gives the bytes of every volume. */
export const backUp = async (ports: MemoryPorts, userId: string): Promise<Buffer[]> => {
  const { job } = await createBackup(ports, {
    userId,
    parameters: { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 },
  });
  await drain(ports);
  const { packages = [] } = (await ports.jobs.find(job.jobId)) ?? {};
  if (packages.length === 0) throw new Error('no package');
  return packages.map(({ key }) => ports.packages.objects.get(key)?.bytes as Buffer);
};

export const biggerPackage = async (transactions: number): Promise<Buffer> => {
  const ports = memoryPorts();
  await fill(ports, 'dora', { transactions, files: 3 });
  return (await backUp(ports, 'dora'))[0] as Buffer;
};

export const rowsOf = (ports: MemoryPorts, user: string): Record<EntityKind, Row[]> =>
  Object.fromEntries(
    entityKinds.map((kind) => [kind, ports.profiles.rows(kind).filter(({ userId }) => userId === user)]),
  ) as Record<EntityKind, Row[]>;

export const texts = (ports: MemoryPorts, user: string): string[] =>
  Object.values(rowsOf(ports, user))
    .flatMap((rows) => rows.map(formatRow))
    .sort();

export const filesOf = (ports: MemoryPorts, user: string): string[] =>
  [...ports.files.objects]
    .filter(([key]) => key.startsWith(`${user}/`))
    .map(([, { bytes }]) => bytes.toString())
    .sort();

export const restore = async (
  ports: MemoryPorts,
  bytes: Buffer | readonly Buffer[],
  parameters: Partial<RestoreParameters> = {},
  user = 'bob',
) => {
  const volumes = Buffer.isBuffer(bytes) ? [bytes] : bytes;
  const created = await createRestore(ports, {
    userId: user,
    parameters: { ...asked, volumes: volumes.length, ...parameters },
  });
  if (!created.ok) throw new Error('the profile is not empty');
  for (const [n, volume] of volumes.entries()) await send(ports, created.job, n + 1, volume);
  return created.job;
};

/** Uploads one volume by its form, of which the storage tells. */
export const send = async (ports: MemoryPorts, job: Job, form: number, bytes: Buffer): Promise<void> => {
  const key = uploadKey(job, form);
  await ports.packages.put(key, bytes);
  await ports.queues.send('restore-start', [{ key }], job.userId);
};

export const ended = async (ports: Ports, { jobId }: Job): Promise<Job> => {
  const job = await ports.jobs.find(jobId);
  if (!job) throw new Error(`no job ${jobId}`);
  return job;
};

export const counts = (ports: MemoryPorts, user: string) =>
  Object.fromEntries(entityKinds.map((kind) => [kind, rowsOf(ports, user)[kind].length]));

export const expectEmpty = (ports: MemoryPorts, user: string): void => {
  expect(texts(ports, user)).toEqual([]);
  expect(filesOf(ports, user)).toEqual([]);
};

export const drained = async (ports: MemoryPorts, job: Promise<Job>): Promise<Job> => {
  const made = await job;
  await drain(ports);
  return made;
};
