/** Why a job ended before its work was done, as its `error.code` says it, in words. */
import type { Words } from './errors.ts';

const onlyRead = 'Your profile was only read; nothing in it was changed.';
const untouched = 'Nothing was written to your profile.';
const emptied = 'What had been written was removed again; the profile is as empty as before.';

export const causes = {
  CANCELED: {
    title: 'It was canceled, as you asked',
    changed: 'Nothing of it is left in your profile.',
    todo: 'Begin again whenever you like.',
  },
  STEP_FAILED: {
    title: 'A step failed again and again',
    changed: 'The work was ended in order; what a restore had written was removed again.',
    todo: 'Try again. If it fails once more, tell whoever runs FZIP: the failed message is kept for them.',
  },
  STUCK: {
    title: 'The work stood still, and was ended',
    changed: 'What a restore had written was removed again.',
    todo: 'Try again in a while.',
  },
  VALIDATION_FAILED: {
    title: 'The package did not pass the checks',
    changed: 'Nothing was taken for good that is not.',
    todo: 'Read below what was found. Use another copy of the package, or make a new backup.',
  },
  VERIFY_FAILED: {
    title: 'What was written came back different',
    changed: emptied,
    todo: 'Try again when nothing else is writing into the profile. Close HouseF3 meanwhile.',
  },
  PROFILE_NOT_EMPTY: {
    title: 'The profile was not empty any more when the restore wanted to write',
    changed: untouched,
    todo: 'Look at what came into it meanwhile; clear the profile and try again.',
  },
  PROFILE_BUSY: {
    title: 'Something else was working on the profile',
    changed: untouched,
    todo: 'Wait until that has ended, then try again.',
  },
  PROFILE_FILLING: {
    title: 'Rows kept appearing while the profile was being cleared',
    changed: 'What was deleted by then stays deleted.',
    todo: 'Stop what writes into the profile, an import perhaps, and clear it again.',
  },
  ID_CONFLICT: {
    title: 'Some ids of the package belong to another user’s rows',
    changed: emptied,
    todo: 'Begin a new restore and let it make new ids; that is what it does unless told otherwise.',
  },
  UPLOAD_EXPIRED: {
    title: 'The file was not uploaded within a day',
    changed: untouched,
    todo: 'Begin a new restore when you have the file at hand.',
  },
  CONFIRMATION_EXPIRED: {
    title: 'Nobody confirmed the restore within a day',
    changed: untouched,
    todo: 'Begin a new restore and confirm it when you have read the summary.',
  },
  UNKNOWN_ID: {
    title: 'An account or category that was chosen is no longer there',
    changed: onlyRead,
    todo: 'Make a new backup and choose from what there is now.',
  },
  NOT_CONVERTIBLE: {
    title: 'HouseF3’s own format cannot hold this profile',
    changed: onlyRead,
    todo: 'Make the backup in FZIP’s format, which holds everything.',
  },
  BACKUP_GONE: {
    title: 'The backup was deleted or expired while it was being checked',
    changed: 'The check came to no result.',
    todo: 'Check another backup, or make a new one.',
  },
  ROUND_TRIP_FAILED: {
    title: 'The trial restore could not be carried out',
    changed: 'That says nothing about the backup. Your profile was not touched.',
    todo: 'Try again later, or use “Read every byte again”.',
  },
  TOO_MANY_JOBS: {
    title: 'Too many backups were running at once',
    changed: onlyRead,
    todo: 'Make it again when one of the others has ended.',
  },
  STORAGE_QUOTA: {
    title: 'Your backups took all the room you have',
    changed: onlyRead,
    todo: 'Delete a backup that you have downloaded, then make it again.',
  },
  TOO_LARGE: {
    title: 'It is larger than is possible',
    changed: 'Nothing was taken for good that is not.',
    todo: 'Read the details below.',
  },
} as const satisfies Record<string, Words>;

const other: Words = {
  title: 'It ended before its work was done',
  changed: 'A restore that ends leaves the profile empty, a backup only reads.',
  todo: 'Read the details below, and try again.',
};

export const causeOf = (code: string): Words =>
  Object.hasOwn(causes, code) ? causes[code as keyof typeof causes] : other;
