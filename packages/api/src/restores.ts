/** What each restore route does, once the request is parsed and the user known. */
import { isDeepStrictEqual } from 'node:util';
import {
  atRest,
  type Counts,
  cancelRestore,
  confirmRestore,
  createRestore,
  deleteRestore,
  type Job,
  type JobPage,
  jobCan,
  missingInWords,
  type Ports,
  RestoreParameters,
  receivedUploads,
  restoreOfKey,
  retryRestore,
  uploaded,
  uploadForms,
} from '@fzip/core';
import type { z } from '@hono/zod-openapi';
import type { ApiContext } from './context.ts';
import { ApiError, type ErrorCode } from './errors.ts';
import { keyReused, ownJob } from './own-job.ts';
import { refuseTooOften } from './rate.ts';
import type {
  CreateRestoreRequest,
  CreateRestoreResponse,
  FreshUploadUrl,
  RestoreList,
  RestoreMoved,
  RestoreStatus,
  UploadForms,
} from './restore-schemas.ts';
import { messages, restoreListItem, restoreStatusView, shownRestoreStatus } from './restore-views.ts';

type Asked = z.output<typeof CreateRestoreRequest>;
type Creation = { body: Asked; idempotencyKey: string | undefined };

const refuseField = (code: ErrorCode, field: string, message: string): ApiError =>
  new ApiError(code, message, [{ field, message }]);

/** @throws ApiError PACKAGE_TOO_LARGE */
const refuseTooLarge = ({ volumes, size = 0 }: Asked, largestBytes: number): void => {
  if (size <= largestBytes * volumes) return;
  const each = volumes === 1 ? '' : ` in ${volumes} volumes`;
  const message = `the package has ${size} bytes${each}; allowed are ${largestBytes} a volume at most`;
  throw refuseField('PACKAGE_TOO_LARGE', 'size', message);
};

const notEmpty = ({ counts, exact }: { counts: Counts; exact: boolean }): ApiError =>
  new ApiError('PROFILE_NOT_EMPTY', undefined, undefined, {
    profileSummary: counts,
    exact,
    suggestion: 'Back the profile up and clear it, or check the package alone with validateOnly.',
  });

/** @throws ApiError PACKAGE_TOO_LARGE, TOO_MANY_REQUESTS, PROFILE_NOT_EMPTY, IDEMPOTENCY_KEY_REUSED */
export const create = async (c: ApiContext, { body, idempotencyKey }: Creation): Promise<CreateRestoreResponse> => {
  const [ports, user] = [c.get('ports'), c.get('user')];
  refuseTooLarge(body, ports.limits.largestFileBytes);
  const { validateOnly, requireConfirmation, idMode, volumes } = body;
  const parameters: RestoreParameters = { validateOnly, requireConfirmation, idMode, volumes };
  if (idempotencyKey === undefined || !(await restoreOfKey(ports, user, idempotencyKey))) await refuseTooOften(c);
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  const restore = await createRestore(ports, { userId: user, parameters, ...key });
  if (!restore.ok) throw notEmpty(restore);
  const { job, created } = restore;
  if (
    !created &&
    (job.userId !== user || !isDeepStrictEqual(RestoreParameters.safeParse(job.restore).data, parameters))
  ) {
    throw keyReused();
  }
  c.set('jobId', job.jobId);
  const where = volumes === 1 ? 'the package to uploadUrl' : 'each volume to one of uploadUrls, in any order';
  const message = jobCan.upload(job) ? `send ${where}` : inWords(job);
  // A restore that has its package takes no other one: what is uploaded by a later form is never read.
  return { ...moved(job, message), ...(await formsOf(ports, job)) };
};

/** One form, or one for each volume of a set. */
const formsOf = async (ports: Ports, job: Job): Promise<UploadForms> => {
  const [first, ...others] = await uploadForms(ports, job);
  if (!first) throw new Error(`job ${job.jobId} has no volume`);
  return others.length === 0 ? { uploadUrl: first } : { uploadUrls: [first, ...others] };
};

/** The status in words, with why if it ended before its work was done. */
const inWords = (job: Job): string => {
  const words = messages[shownRestoreStatus(job)];
  return job.error ? `${words}: ${job.error.message}` : words;
};

const moved = (job: Job, message = inWords(job)): RestoreMoved => ({
  restoreId: job.jobId,
  status: shownRestoreStatus(job),
  message,
});

/** The job as it is after something was done with it. */
const again = async (c: ApiContext, job: Job): Promise<Job> => (await c.get('ports').jobs.find(job.jobId)) ?? job;

export const notify = async (c: ApiContext, id: string): Promise<RestoreMoved> => {
  const job = await ownJob(c, id, 'restore');
  await uploaded(c.get('ports'), job);
  if (!jobCan.upload(job)) return moved(job);
  const uploads = await receivedUploads(c.get('ports'), job);
  if (uploads.missing.length === 0) return moved(job, 'everything is there and will be checked');
  return moved(job, `${missingInWords(uploads)} is not there yet; it will be checked as soon as all of it is`);
};

/** @throws ApiError NOT_WAITING */
export const freshUploadUrl = async (c: ApiContext, id: string): Promise<FreshUploadUrl> => {
  const job = await ownJob(c, id, 'restore');
  if (!jobCan.upload(job)) throw refusal('NOT_WAITING', job, 'only one that waits for its package takes an upload');
  return formsOf(c.get('ports'), job);
};

/** @throws ApiError NOT_RETRYABLE, PACKAGE_GONE, PROFILE_NOT_EMPTY */
export const retry = async (c: ApiContext, id: string): Promise<RestoreMoved> => {
  const job = await ownJob(c, id, 'restore');
  if (jobCan.retry(job)) await refuseTooOften(c);
  const retried = await retryRestore(c.get('ports'), job);
  if (retried.ok) return moved(retried.job);
  if (retried.why === 'not-empty') throw notEmpty(retried);
  if (retried.why === 'package-gone') throw new ApiError('PACKAGE_GONE');
  throw refusal('NOT_RETRYABLE', retried.job, 'only one that failed, with its package taken in, can be run again');
};

/** @throws ApiError NOT_AWAITING_CONFIRMATION, PROFILE_NOT_EMPTY: then it waits on */
export const confirm = async (c: ApiContext, id: string): Promise<RestoreMoved> => {
  const job = await ownJob(c, id, 'restore');
  const confirmed = await confirmRestore(c.get('ports'), job);
  if (confirmed.ok) return moved(await again(c, job));
  if (confirmed.why === 'not-empty') throw notEmpty(confirmed);
  throw refusal('NOT_AWAITING_CONFIRMATION', await again(c, job), 'only one that awaits confirmation can be started');
};

/** @throws ApiError NOT_CANCELABLE */
export const cancel = async (c: ApiContext, id: string): Promise<RestoreMoved> => {
  const job = await ownJob(c, id, 'restore');
  if (await cancelRestore(c.get('ports'), job)) return moved(await again(c, job), 'the restore is being canceled');
  throw refusal('NOT_CANCELABLE', await again(c, job), 'only one that works can be canceled');
};

/** @throws ApiError STILL_WORKING */
export const remove = async (c: ApiContext, id: string): Promise<void> => {
  const job = await ownJob(c, id, 'restore');
  if (await deleteRestore(c.get('ports'), job)) return;
  throw refusal('STILL_WORKING', await again(c, job), 'cancel it first, or wait until it has ended');
};

const refusal = (code: ErrorCode, job: Job, allowed: string): ApiError => {
  const ending = job.intent === undefined || atRest(job.status) ? '' : ' and was told to end';
  return new ApiError(code, `the restore is ${shownRestoreStatus(job)}${ending}; ${allowed}`);
};

export const status = async (c: ApiContext, id: string): Promise<RestoreStatus> => {
  const job = await ownJob(c, id, 'restore');
  // What has come is told while more may come.
  return restoreStatusView(job, jobCan.upload(job) ? await receivedUploads(c.get('ports'), job) : undefined);
};

type ListRequest = { limit: number; lastEvaluatedKey?: string | undefined };

/** @throws ApiError INVALID_REQUEST for a key that no page gave */
export const list = async (c: ApiContext, { limit, lastEvaluatedKey: cursor }: ListRequest): Promise<RestoreList> => {
  const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
  const { jobs, cursor: next } = await c.get('ports').jobs.list(c.get('user'), 'restore', page).catch(refuseCursor);
  return { restoreJobs: jobs.map(restoreListItem), ...(next === undefined ? {} : { nextEvaluatedKey: next }) };
};

/** Adapters have each their own class of this error; they share its name. */
const refuseCursor = (error: unknown): JobPage => {
  if (!(error instanceof Error) || error.name !== 'BadCursor') throw error;
  const message = 'is no key that an earlier page gave; leave it out for the first page';
  throw new ApiError('INVALID_REQUEST', `lastEvaluatedKey: ${message}`, [{ field: 'lastEvaluatedKey', message }]);
};
