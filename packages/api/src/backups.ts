/** What each backup route does, once the request is parsed and the user known. */
import { isDeepStrictEqual } from 'node:util';
import {
  type Amendment,
  amendBackup,
  BackupParameters,
  backupOfKey,
  cancelBackup,
  createBackup,
  deleteBackup,
  downloadLink,
  estimateNow,
  type Job,
  jobCan,
  overQuota,
  profileWriter,
  unknownIds,
  writesInWords,
} from '@fzip/core';
import type { z } from '@hono/zod-openapi';
import type { ApiContext } from './context.ts';
import { ApiError } from './errors.ts';
import { keyReused, ownJob } from './own-job.ts';
import { type PageRequest, pageOfBackups } from './paging.ts';
import { refuseTooOften } from './rate.ts';
import type { BackupList, BackupStatus, CreateBackupRequest, CreateBackupResponse } from './schemas.ts';
import { downloadRefusals, listItem, shownBackupStatus, statusView } from './views.ts';

type Creation = { body: z.output<typeof CreateBackupRequest>; idempotencyKey: string | undefined };

export const create = async (c: ApiContext, { body, idempotencyKey }: Creation): Promise<CreateBackupResponse> => {
  const [ports, user] = [c.get('ports'), c.get('user')];
  const { packageFormat, ...asked } = body;
  const parameters = BackupParameters.parse(packageFormat === 'fzip' ? asked : body);
  const isRepeat = idempotencyKey !== undefined && (await backupOfKey(ports, user, idempotencyKey)) !== undefined;
  if (!isRepeat) await refuseTooOften(c);
  const unknown = await unknownIds(ports, user, parameters);
  if (unknown[0]) throw new ApiError('UNKNOWN_ID', `${unknown[0].field}: ${unknown[0].message}`, unknown);
  if (!isRepeat) await refuseForNow(c);
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  const { job, created, estimate } = await createBackup(ports, { userId: user, parameters, ...key });
  if (!created && (job.userId !== user || !isDeepStrictEqual(BackupParameters.parse(job.parameters), parameters))) {
    throw keyReused();
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

/** @throws ApiError PROFILE_BUSY, TOO_MANY_JOBS, STORAGE_QUOTA */
const refuseForNow = async (c: ApiContext): Promise<void> => {
  const writer = await profileWriter(c.get('ports'), c.get('user'));
  if (writer)
    throw new ApiError(
      'PROFILE_BUSY',
      `${writesInWords(writer)}; wait until it has ended, a backup would be of a part`,
    );
  const over = await overQuota(c.get('ports'), c.get('user'));
  if (over?.code === 'TOO_MANY_JOBS') {
    throw new ApiError(over.code, `you have ${over.running} jobs running; allowed are ${over.allowed} at a time`);
  }
  if (over) {
    const message = `your backups take ${over.storedBytes} bytes; allowed are ${over.allowed}. Delete one, or wait until one expires`;
    throw new ApiError(over.code, message);
  }
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

export const status = async (c: ApiContext, id: string): Promise<BackupStatus> =>
  statusOf(c, await ownJob(c, id, 'backup'));

const statusOf = async (c: ApiContext, job: Job): Promise<BackupStatus> => {
  const ports = c.get('ports');
  const now = ports.clock();
  const volumes = jobCan.download(job, now) ? (job.packages ?? []) : [];
  const links = await Promise.all(volumes.map((_, index) => downloadLink(ports, job, index + 1)));
  return statusView(job, { now, links, estimate: await estimateNow(ports, job) });
};

/** The link to one volume. @throws ApiError NOT_READY, BACKUP_FAILED, EXPIRED, VOLUME_NOT_FOUND */
export const download = async (c: ApiContext, id: string, volume: number): Promise<string> => {
  const ports = c.get('ports');
  const job = await ownJob(c, id, 'backup');
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

/** @throws ApiError NOT_CANCELABLE */
export const cancel = async (c: ApiContext, id: string): Promise<BackupStatus> => {
  const job = await ownJob(c, id, 'backup');
  if (await cancelBackup(c.get('ports'), job)) return status(c, id);
  const now = await ownJob(c, id, 'backup');
  const stands = shownBackupStatus(now, c.get('ports').clock());
  const ending = now.intent && stands === 'processing' ? ' and was told to end' : '';
  throw new ApiError('NOT_CANCELABLE', `the backup is ${stands}${ending}; only one that works can be canceled`);
};

/** @throws ApiError NOT_AMENDABLE, EXPIRED */
export const amend = async (c: ApiContext, id: string, amendment: Amendment): Promise<BackupStatus> => {
  const ports = c.get('ports');
  const job = await ownJob(c, id, 'backup');
  if (await amendBackup(ports, job, amendment)) return status(c, id);
  const stands = shownBackupStatus(job, ports.clock());
  const message = `the backup is ${stands}; only one that works or is completed can be changed`;
  throw new ApiError(stands === 'expired' ? 'EXPIRED' : 'NOT_AMENDABLE', message);
};

export const remove = async (c: ApiContext, id: string): Promise<void> => {
  const job = await ownJob(c, id, 'backup');
  await deleteBackup(c.get('ports'), job);
};
