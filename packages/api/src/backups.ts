/** What each backup route does, once the request is parsed and the user known. */
import { isDeepStrictEqual } from 'node:util';
import { BackupParameters, createBackup, deleteBackup, downloadLink, type Job, JobId, jobCan } from '@fzip/core';
import type { z } from '@hono/zod-openapi';
import type { ApiContext } from './context.ts';
import { ApiError } from './errors.ts';
import { type PageRequest, pageOfBackups } from './paging.ts';
import type { BackupList, BackupStatus, CreateBackupRequest, CreateBackupResponse } from './schemas.ts';
import { downloadRefusals, listItem, shownBackupStatus, statusView } from './views.ts';

/** The user's own backup. @throws ApiError NOT_FOUND, the same for what is not there, is another's or is no backup */
const backupOf = async (c: ApiContext, id: string): Promise<Job> => {
  const jobId = JobId.safeParse(id);
  if (!jobId.success) throw new ApiError('NOT_FOUND');
  c.set('jobId', jobId.data);
  const job = await c.get('ports').jobs.find(jobId.data);
  if (!job || job.userId !== c.get('user') || job.jobType !== 'backup') throw new ApiError('NOT_FOUND');
  return job;
};

type Creation = { body: z.output<typeof CreateBackupRequest>; idempotencyKey: string | undefined };

export const create = async (c: ApiContext, { body, idempotencyKey }: Creation): Promise<CreateBackupResponse> => {
  const [ports, user] = [c.get('ports'), c.get('user')];
  const { packageFormat: _, ...asked } = body;
  const parameters = BackupParameters.parse(asked);
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  const { job, created, estimate } = await createBackup(ports, { userId: user, parameters, ...key });
  if (!created && (job.userId !== user || !isDeepStrictEqual(BackupParameters.parse(job.parameters), parameters))) {
    throw new ApiError('IDEMPOTENCY_KEY_REUSED', undefined, [
      { field: 'Idempotency-Key', message: 'was used before, with other parameters; use a new key' },
    ]);
  }
  c.set('jobId', job.jobId);
  return {
    backupId: job.jobId,
    status: shownBackupStatus(job, ports.clock()),
    estimatedSize: estimate.bytes,
    estimatedCompletion: estimate.completionAt,
    exact: estimate.exact,
  };
};

export const list = async (c: ApiContext, request: PageRequest): Promise<BackupList> => {
  const ports = c.get('ports');
  const { jobs, total, hasMore } = await pageOfBackups(ports.jobs, c.get('user'), request);
  const now = ports.clock();
  return {
    backups: jobs.map((job) => listItem(job, now)),
    total,
    limit: request.limit,
    offset: request.offset,
    hasMore,
    // A clock of another machine may be ahead: what was listed must not be left out of the next page.
    asOf: request.asOf ?? Math.max(now, ...jobs.map((job) => job.createdAt)),
  };
};

export const status = async (c: ApiContext, id: string): Promise<BackupStatus> => {
  const ports = c.get('ports');
  const job = await backupOf(c, id);
  const now = ports.clock();
  const volumes = jobCan.download(job, now) ? (job.packages ?? []) : [];
  const links = await Promise.all(volumes.map((_, index) => downloadLink(ports, job, index + 1)));
  return statusView(job, now, links);
};

/** The link to one volume. @throws ApiError NOT_READY, BACKUP_FAILED, EXPIRED, VOLUME_NOT_FOUND */
export const download = async (c: ApiContext, id: string, volume: number): Promise<string> => {
  const ports = c.get('ports');
  const job = await backupOf(c, id);
  const shown = shownBackupStatus(job, ports.clock());
  const refusal = downloadRefusals[shown];
  if (refusal) throw new ApiError(refusal, `the backup is ${shown}; only a completed one can be downloaded`);
  const volumes = job.packages?.length ?? 0;
  if (volume > volumes) {
    const message = `the backup has no volume ${volume}; it has 1 to ${volumes}`;
    throw new ApiError('VOLUME_NOT_FOUND', message, [{ field: 'volume', message }]);
  }
  return downloadLink(ports, job, volume);
};

export const remove = async (c: ApiContext, id: string): Promise<void> => {
  const job = await backupOf(c, id);
  await deleteBackup(c.get('ports'), job);
};
