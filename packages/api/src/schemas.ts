/** What goes in and what comes out. Every date is an integer: ms since epoch. Every size is in bytes. */

import {
  Amendment,
  BackupParameters,
  backupTypes,
  Counts,
  filterProblems,
  Phase,
  packageFormats,
  Quality,
} from '@fzip/core';
import { z } from '@hono/zod-openapi';
import {
  bytes,
  cause,
  date,
  defaultPage,
  exampleId,
  id,
  largest,
  largestPage,
  percent,
  whole,
} from './schema-parts.ts';
import { Validations } from './validation-schemas.ts';

/** Statuses as shown: without the prefix of the job type. */
const shownStatuses = ['initiated', 'processing', 'completed', 'failed', 'canceled', 'expired'] as const;

const link = z
  .url()
  .openapi({ description: 'Signed for 15 minutes, for whoever holds it. Signed anew for every answer.' });

const dayText = /^\d{4}-\d{2}-\d{2}$/;
const lastMsOfDay = 24 * 60 * 60 * 1000 - 1;

/** ms since epoch, or a date, or a date with time and zone; a date alone means all of that day in UTC. */
const moment = (edge: 'start' | 'end') =>
  z
    .union([z.int(), z.iso.date(), z.iso.datetime({ offset: true })], {
      error: 'must be ms since epoch, a date as 2026-01-31, or a time as 2026-01-31T12:00:00Z',
    })
    .transform((given) => {
      if (typeof given === 'number') return given;
      return Date.parse(given) + (edge === 'end' && dayText.test(given) ? lastMsOfDay : 0);
    })
    .pipe(BackupParameters.shape.dateRangeStart.unwrap())
    .optional();

export const CreateBackupRequest = z
  .strictObject({
    backupType: BackupParameters.shape.backupType.meta({
      description:
        'What to take. A part of a profile brings whatever it refers to, so that its package restores: ' +
        '`date_range` and `selective` take transactions by filter, with their accounts, categories, file maps and files.',
    }),
    includeAnalytics: BackupParameters.shape.includeAnalytics.meta({
      description: 'By default with a complete backup alone.',
    }),
    accountIds: BackupParameters.shape.accountIds.meta({
      description: 'Of `selective`: transactions of these accounts; with `categoryIds`, those that fit both.',
    }),
    categoryIds: BackupParameters.shape.categoryIds.meta({ description: 'Of `selective`.' }),
    dateRangeStart: moment('start').openapi({
      description: 'Of `date_range` and `selective`: the first moment, ms since epoch or ISO 8601.',
      example: '2026-01-01',
    }),
    dateRangeEnd: moment('end').openapi({
      description: 'The last moment; a date alone means the end of that day in UTC.',
      example: '2026-03-31',
    }),
    description: BackupParameters.shape.description,
    expiresInHours: BackupParameters.shape.expiresInHours,
    packageFormat: z.enum(packageFormats).default('fzip').openapi({
      description:
        "`housef3` is what HouseF3's own restore takes: one volume of 500 MiB at most, and what it would do without is told in `validation.issues`.",
    }),
  })
  .superRefine((request, context) => {
    for (const { field, message } of filterProblems(request)) {
      context.addIssue({ code: 'custom', path: [field], message });
    }
  })
  .openapi('CreateBackupRequest', { example: { description: 'before the move', expiresInHours: 48 } });
export type CreateBackupRequest = z.input<typeof CreateBackupRequest>;

export const AmendBackupRequest = z
  .strictObject({
    description: Amendment.shape.description,
    expiresInHours: Amendment.shape.expiresInHours.meta({
      description: 'Hours from now, a year at most; of a backup that still works, from its completion.',
    }),
  })
  .refine((request) => Object.values(request).some((value) => value !== undefined), {
    message: 'changes nothing; allowed are description and expiresInHours',
  })
  .openapi('AmendBackupRequest', { example: { expiresInHours: 24 * 90 } });
export type AmendBackupRequest = z.input<typeof AmendBackupRequest>;

export const ShownBackupStatus = z.enum(shownStatuses).openapi('ShownBackupStatus');
export type ShownBackupStatus = z.infer<typeof ShownBackupStatus>;

export const CreateBackupResponse = z
  .object({
    backupId: id,
    status: ShownBackupStatus,
    estimatedSize: bytes,
    estimatedCompletion: date,
    exact: z
      .boolean()
      .openapi({ description: 'False: counting was cut short after 2 s and the estimate is "at least".' }),
  })
  .openapi('CreateBackupResponse', {
    example: {
      backupId: exampleId,
      status: 'initiated',
      estimatedSize: 1_843_200,
      estimatedCompletion: 1_767_225_630_000,
      exact: true,
    },
  });
export type CreateBackupResponse = z.infer<typeof CreateBackupResponse>;

export const ListBackupsQuery = z.strictObject({
  limit: whole(1, largestPage, defaultPage, 'Backups in the answer, at most.'),
  offset: whole(0, largest, 0, 'Backups to leave out at the newest end.'),
  asOf: whole(
    0,
    largest,
    undefined,
    'ms since epoch: leaves out what was requested later. Give the `asOf` of the first page with every further page, ' +
      'and backups that are made meanwhile neither repeat nor shift what is listed.',
  ),
});

export const BackupListItem = z
  .object({
    backupId: id,
    status: ShownBackupStatus,
    backupType: z.enum(backupTypes),
    requestedAt: date,
    completedAt: date.optional(),
    expiresAt: date.optional(),
    progress: percent,
    packageSize: bytes.optional(),
    damaged: z.literal(true).optional().openapi({
      description: 'A validation on demand found that the package is not what it was: make a new backup.',
    }),
    quality: Quality.shape.overall_quality
      .optional()
      .meta({ description: 'In a word, as `validation.overall_quality` of its status. Once it is completed.' }),
    provenAt: date.optional().openapi({
      description: 'When a `round_trip` last proved that it restores to exactly what it holds.',
    }),
    description: z.string().optional(),
  })
  .openapi('BackupListItem');
export type BackupListItem = z.infer<typeof BackupListItem>;

export const BackupList = z
  .object({
    backups: z.array(BackupListItem).openapi({ description: 'Newest first.' }),
    total: z.int().nonnegative(),
    limit: z.int(),
    offset: z.int(),
    hasMore: z.boolean(),
    asOf: date,
  })
  .openapi('BackupList', {
    example: {
      backups: [
        {
          backupId: exampleId,
          status: 'completed',
          backupType: 'complete',
          requestedAt: 1_767_225_600_000,
          completedAt: 1_767_225_630_000,
          expiresAt: 1_767_312_030_000,
          progress: 100,
          packageSize: 1_812_044,
          description: 'before the move',
        },
      ],
      total: 1,
      limit: defaultPage,
      offset: 0,
      hasMore: false,
      asOf: 1_767_225_700_000,
    },
  });
export type BackupList = z.infer<typeof BackupList>;

export const BackupVolume = z
  .object({
    number: z.int().positive(),
    size: bytes,
    sha256: z.string(),
    downloadUrl: link.optional().openapi({ description: 'Present while the backup may be downloaded.' }),
  })
  .openapi('BackupVolume');
export type BackupVolume = z.infer<typeof BackupVolume>;

export const BackupStatus = z
  .object({
    ...BackupListItem.shape,
    currentPhase: Phase.optional(),
    startedAt: date.optional(),
    updatedAt: date,
    estimatedSize: bytes.optional().openapi({
      description: 'While it is being made: from the rows counted, and from the volumes once they are planned.',
    }),
    estimatedCompletion: date.optional().openapi({
      description: 'While it is being made: corrected by the speed at which it comes along.',
    }),
    downloadUrl: link.optional().openapi({ description: 'Of the first volume, while the backup may be downloaded.' }),
    validation: Quality.optional().meta({
      description:
        'The verdict at completion. What a later validation found wrong comes first, and takes the good marks.',
    }),
    validations: Validations.optional(),
    manifest_checksums: z
      .record(z.string(), z.string())
      .optional()
      .openapi({ description: 'SHA-256 of each `data/` entry, as the manifest states them.' }),
    counts: Counts.optional().meta({ description: 'Rows of each kind in the package.' }),
    volumes: z.array(BackupVolume),
    failedFiles: z
      .array(z.object({ fileId: z.string(), fileName: z.string(), reason: z.string() }))
      .openapi({ description: 'Files whose bytes could not be read; the list is cut, `failedFilesCount` is not.' }),
    failedFilesCount: z.int().nonnegative(),
    notIncluded: z.array(z.string()).openapi({ description: 'What the profile holds and the package does not.' }),
    error: cause('Why the backup failed or was canceled.'),
  })
  .openapi('BackupStatus');
export type BackupStatus = z.infer<typeof BackupStatus>;

export const DownloadQuery = z.strictObject({ volume: whole(1, largest, 1, 'Number of the volume.') });

export const Message = z.object({ message: z.string() }).openapi('Message', { example: { message: 'backup deleted' } });
export type Message = z.infer<typeof Message>;
