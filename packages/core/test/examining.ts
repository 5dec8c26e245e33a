/** Completed backups in memory, and validations of them. */
import {
  type BackupParameters,
  createBackup,
  createExamination,
  type ExaminationMode,
  type Job,
  type Limits,
  type Ports,
} from '@fzip/core';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { drain, fill } from './drive.ts';

export const user = 'alice';

/** Small chunks; by `volumeBytes` several volumes. */
export const backedUp = async (
  limits: Partial<Limits> = {},
  parameters: Partial<BackupParameters> = {},
): Promise<{ ports: MemoryPorts; backupId: string }> => {
  const ports = memoryPorts({ limits: { chunkRows: 7, handOverMs: 0, ...limits }, pageRows: 5 });
  await fill(ports, user, { transactions: 40, files: 3 });
  const { job } = await createBackup(ports, {
    userId: user,
    parameters: { backupType: 'complete', expiresInHours: 24, ...parameters },
  });
  await drain(ports);
  return { ports, backupId: job.jobId };
};

export const find = async (ports: Ports, jobId: string): Promise<Job> => {
  const job = await ports.jobs.find(jobId);
  if (!job) throw new Error(`no job ${jobId}`);
  return job;
};

export const examined = async (ports: MemoryPorts, backupId: string, mode: ExaminationMode = 'deep'): Promise<Job> => {
  const { job } = await createExamination(ports, { userId: user, backupId, mode });
  await drain(ports);
  return find(ports, job.jobId);
};
