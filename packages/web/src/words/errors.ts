/** What each code means to a person: what happened, whether anything was changed, what to do. */
import type { FzipApiError } from '@fzip/api/client';

export type Words = { title: string; changed: string; todo: string };
/** Every code that the API, the client or the pages themselves can give. */
export type Code = FzipApiError['code'] | 'UNREACHABLE' | 'OFFLINE';

const nothing = 'Nothing was changed.';
const nothingYet = 'Nothing was written to your profile.';
const reload = 'Load the page again. If it comes back, tell whoever runs FZIP what you did.';

export const words: Readonly<Record<Code, Words>> = {
  INVALID_REQUEST: {
    title: 'Something in the request is not possible',
    changed: nothing,
    todo: 'Look at what is named below, change it and try again.',
  },
  INVALID_JSON: { title: 'The request arrived broken', changed: nothing, todo: reload },
  UNAUTHORIZED: {
    title: 'Your sign-in is no longer valid',
    changed: nothing,
    todo: 'Sign in again. What you see here stays as it is.',
  },
  NOT_FOUND: {
    title: 'This is not there',
    changed: nothing,
    todo: 'It may have been deleted, or belong to another user. Go back to the list and look there.',
  },
  VOLUME_NOT_FOUND: {
    title: 'The backup has no such volume',
    changed: nothing,
    todo: 'Load the backup again and download the volumes it lists.',
  },
  ROUTE_NOT_FOUND: { title: 'These pages and the server do not fit together', changed: nothing, todo: reload },
  METHOD_NOT_ALLOWED: { title: 'These pages and the server do not fit together', changed: nothing, todo: reload },
  NOT_READY: {
    title: 'The backup is still being made',
    changed: nothing,
    todo: 'Wait until it is completed; its page shows how far it is.',
  },
  BACKUP_FAILED: {
    title: 'There is no package of this backup',
    changed: 'The backup failed or was canceled. Your profile was only read.',
    todo: 'Make a new backup.',
  },
  CONFLICT: {
    title: 'It changed while you were doing this',
    changed: 'What you asked for was not done.',
    todo: 'Look at it as it is now, and try again if you still want it. Perhaps it is open in another tab.',
  },
  PROFILE_NOT_EMPTY: {
    title: 'Your profile is not empty',
    changed: nothing,
    todo: 'A restore goes into an empty profile only, so that nothing is mixed or overwritten. Back the profile up and clear it, or only check the package.',
  },
  JOBS_RUNNING: {
    title: 'Something is still working on your profile',
    changed: 'Nothing was cleared.',
    todo: 'Wait until it has ended, or cancel it; then clear the profile.',
  },
  NO_BACKUP: {
    title: 'There is no backup that holds all of this profile',
    changed: 'Nothing was cleared.',
    todo: 'Make a complete backup, look at its report, and download it first. Only if you want to lose what is here, clear it without one.',
  },
  PROFILE_BUSY: {
    title: 'The profile is being cleared or restored at the moment',
    changed: nothing,
    todo: 'Wait until that has ended, then try again. A backup made now would hold a part only.',
  },
  NOT_CONFIRMED: {
    title: 'What you typed is not your user id',
    changed: 'Nothing was cleared.',
    todo: 'Type your user id exactly as it is shown.',
  },
  UNSUPPORTED_FORMAT: {
    title: 'This check is not possible for a backup in HouseF3’s own format',
    changed: nothing,
    todo: 'That format holds less than a profile, so it would look as if something were lost. “Read every byte again” works for every backup.',
  },
  TOO_LARGE: {
    title: 'The backup is too large for this check',
    changed: nothing,
    todo: 'Use “Read every byte again”, which has no such limit.',
  },
  NOT_WAITING: {
    title: 'The restore no longer waits for a file',
    changed: 'What was uploaded before is what counts.',
    todo: 'Look at where the restore is now; it may have gone on in another tab.',
  },
  NOT_AWAITING_CONFIRMATION: {
    title: 'The restore no longer waits for your confirmation',
    changed: 'This click changed nothing.',
    todo: 'Look at where the restore is now; it may have been confirmed or canceled in another tab.',
  },
  NOT_RETRYABLE: {
    title: 'This restore cannot be run again',
    changed: nothing,
    todo: 'Begin a new restore and upload the file again.',
  },
  PACKAGE_GONE: {
    title: 'The uploaded file is no longer kept',
    changed: nothing,
    todo: 'What is uploaded is kept for a day. Begin a new restore and choose the file again.',
  },
  NOT_CANCELABLE: {
    title: 'There was nothing left to cancel',
    changed: 'This click changed nothing.',
    todo: 'It has ended, or was told to end before. Look at how it ended.',
  },
  STILL_WORKING: {
    title: 'It is still working',
    changed: 'Nothing was deleted.',
    todo: 'Cancel it first, or wait until it has ended.',
  },
  NOT_AMENDABLE: {
    title: 'There is nothing to keep',
    changed: nothing,
    todo: 'The backup failed or was canceled. Make a new one.',
  },
  EXPIRED: {
    title: 'The backup has expired and its package is gone',
    changed: 'Your profile was not touched. A copy that you downloaded stays good.',
    todo: 'Make a new backup; choose how long it is kept.',
  },
  BODY_TOO_LARGE: {
    title: 'The request is too large',
    changed: nothing,
    todo: 'Choose fewer accounts or categories, or shorten the description.',
  },
  PACKAGE_TOO_LARGE: {
    title: 'The file is larger than one upload can be',
    changed: nothingYet,
    todo: 'Use the volumes as they were downloaded; each of them is small enough.',
  },
  UNSUPPORTED_MEDIA_TYPE: { title: 'These pages and the server do not fit together', changed: nothing, todo: reload },
  UNKNOWN_ID: {
    title: 'An account or category is no longer there',
    changed: nothing,
    todo: 'Load the page again and choose from what there is now.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    title: 'This was asked for before, with other choices',
    changed: 'The first request stands.',
    todo: 'Look at the list: it may be there already. Otherwise load the page again.',
  },
  TOO_MANY_REQUESTS: {
    title: 'You have asked for very much within a short time',
    changed: nothing,
    todo: 'Wait a minute, then try again.',
  },
  TOO_MANY_JOBS: {
    title: 'You have as many backups and checks running as are possible at once',
    changed: nothing,
    todo: 'Wait until one has ended, then try again.',
  },
  STORAGE_QUOTA: {
    title: 'Your backups take all the room you have',
    changed: nothing,
    todo: 'Delete a backup that you have downloaded, or wait until one expires.',
  },
  INTERNAL_ERROR: {
    title: 'The server failed at this',
    changed: 'It is not certain whether it was done.',
    todo: 'Look at the list before you try again. If it comes back, tell whoever runs FZIP the number in the details.',
  },
  UNEXPECTED_ANSWER: {
    title: 'The server gave an answer that makes no sense',
    changed: 'It is not certain whether it was done.',
    todo: 'Look at the list before you try again.',
  },
  DOWNLOAD_FAILED: {
    title: 'The download did not work',
    changed: 'The backup is still there.',
    todo: 'Try again; every attempt gets a fresh link.',
  },
  UPLOAD_FAILED: {
    title: 'The storage did not take the file',
    changed: nothingYet,
    todo: 'Try again; every attempt gets a fresh permission. Nothing has to be canceled for it.',
  },
  UNREACHABLE: {
    title: 'The server cannot be reached',
    changed:
      'If you asked for something just now, it is not certain whether it arrived. What was running goes on without this page.',
    todo: 'Wait a moment and try again. Look at the list before you repeat something.',
  },
  OFFLINE: {
    title: 'You are offline',
    changed: 'What was running goes on without this page.',
    todo: 'This page goes on by itself when you are connected again.',
  },
};

type Told = Words & { code: Code; message: string; details: { field: string; message: string }[] };

const isRefusal = (error: unknown): error is FzipApiError =>
  error instanceof Error && error.name === 'FzipApiError' && 'code' in error;

export const codeOf = (error: unknown): Code => {
  if (isRefusal(error)) return Object.hasOwn(words, error.code) ? error.code : 'UNEXPECTED_ANSWER';
  return typeof navigator !== 'undefined' && navigator.onLine === false ? 'OFFLINE' : 'UNREACHABLE';
};

/** Of a page that only wanted to look: what is uncertain about a request that asks for something is not so about it. */
const looking: Partial<Record<Code, Omit<Words, 'title'>>> = Object.fromEntries(
  (['INTERNAL_ERROR', 'UNEXPECTED_ANSWER', 'UNREACHABLE'] as const).map((code) => [
    code,
    {
      changed: 'This page only wanted to look; nothing was changed. What was running goes on without it.',
      todo: 'Wait a moment and try again.',
    },
  ]),
);

/** A failure as a person is told it; the server's own words come as details. */
export const told = (error: unknown, { onlyLooked = false } = {}): Told => {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return {
    ...words[code],
    ...(onlyLooked ? looking[code] : {}),
    code,
    message,
    details: isRefusal(error) ? error.details : [],
  };
};

/** Whether asking again could help by itself: a refusal is a refusal. */
export const isPassing = (error: unknown): boolean => !isRefusal(error) || error.status >= 500;
