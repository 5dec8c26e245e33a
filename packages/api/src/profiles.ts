/** What each profile route does, once the request is parsed and the user known. */
import { beyondDefaults, createClear, estimate, isEmpty, jobCan, profileCounts, shownStatus } from '@fzip/core';
import type { z } from '@hono/zod-openapi';
import type { ApiContext } from './context.ts';
import { ApiError } from './errors.ts';
import { ownJob } from './own-job.ts';
import {
  type ClearProfileRequest,
  type ClearProfileResponse,
  type ClearStatus,
  type Profile,
  ShownClearStatus,
} from './profile-schemas.ts';
import { refuseTooOften } from './rate.ts';
import { errorOf, given } from './views.ts';

export const profile = async (c: ApiContext): Promise<Profile> => {
  const [ports, user] = [c.get('ports'), c.get('user')];
  const { counts, exact } = await profileCounts(ports, user);
  const now = ports.clock();
  const { bytes, completionAt } = estimate(counts, exact, now);
  return {
    counts,
    exact,
    empty: isEmpty(await beyondDefaults(ports, user, counts)),
    estimate: { size: bytes, seconds: Math.ceil((completionAt - now) / 1000) },
  };
};

/** @throws ApiError NOT_CONFIRMED, TOO_MANY_REQUESTS, JOBS_RUNNING, NO_BACKUP */
export const clear = async (
  c: ApiContext,
  { confirm, withoutBackup }: z.output<typeof ClearProfileRequest>,
): Promise<ClearProfileResponse> => {
  const [ports, user] = [c.get('ports'), c.get('user')];
  if (confirm !== user) {
    const message = 'is not your user id; nothing was cleared';
    throw new ApiError('NOT_CONFIRMED', `confirm: ${message}`, [{ field: 'confirm', message }]);
  }
  await refuseTooOften(c);
  const created = await createClear(ports, { userId: user, withoutBackup });
  if (!created.ok && created.why === 'no-backup') {
    const { lacks } = created;
    if (!lacks) throw new ApiError('NO_BACKUP');
    const message = `the backup ${lacks.backupId} is not enough: ${lacks.message}. Make another one, or say \`withoutBackup\` if none is wanted; nothing was cleared`;
    throw new ApiError('NO_BACKUP', message);
  }
  if (!created.ok) {
    const { jobType, jobId, status } = created.running;
    // A validation cannot be canceled, and neither can what ends already.
    const how = jobType !== 'validation' && jobCan.cancel(created.running) ? 'cancel it, or wait' : 'wait';
    throw new ApiError('JOBS_RUNNING', `the ${jobType} ${jobId} is ${shownStatus(status)}; ${how} until it has ended`);
  }
  const { job, counts } = created;
  c.set('jobId', job.jobId);
  return {
    clearId: job.jobId,
    status: ShownClearStatus.parse(shownStatus(job.status)),
    message: 'the profile is being cleared',
    counts: job.expected ?? counts,
  };
};

export const clearStatus = async (c: ApiContext, id: string): Promise<ClearStatus> => {
  const job = await ownJob(c, id, 'clear');
  return {
    clearId: job.jobId,
    status: ShownClearStatus.parse(shownStatus(job.status)),
    progress: job.status === 'clear_completed' ? 100 : job.progress,
    ...given('currentPhase', job.currentPhase),
    requestedAt: job.createdAt,
    updatedAt: job.updatedAt,
    ...given('completedAt', job.completedAt),
    ...given('cleared', job.results),
    ...given('error', errorOf(job)),
  };
};
