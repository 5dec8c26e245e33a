/** What goes in and what comes out of a restore. Dates are ms since epoch, sizes bytes. */
import {
  Counts,
  idModes,
  mostVolumes,
  PackageSummary,
  Phase,
  RestoreParameters,
  ValidationResults,
  Writing,
} from '@fzip/core';
import { z } from '@hono/zod-openapi';
import { cause, date, defaultPage, exampleId, id, largestPage, percent, whole } from './schema-parts.ts';

/** Statuses as shown: without the prefix of the job type. */
const shownStatuses = [
  'uploaded',
  'validating',
  'validation_passed',
  'validation_failed',
  'awaiting_confirmation',
  'processing',
  'rolling_back',
  'completed',
  'failed',
  'canceled',
] as const;

export const ShownRestoreStatus = z
  .enum(shownStatuses)
  .openapi('ShownRestoreStatus', { description: '`uploaded` is the first one: the restore waits for its package.' });
export type ShownRestoreStatus = z.infer<typeof ShownRestoreStatus>;

const { validateOnly, requireConfirmation, volumes } = RestoreParameters.shape;

export const CreateRestoreRequest = z
  .strictObject({
    validateOnly: validateOnly.meta({ description: 'Ends with the verdict and the summary; writes nothing.' }),
    requireConfirmation: requireConfirmation.meta({
      description: 'Waits between the verdict and the first write until `start` is called, 24 hours at most.',
    }),
    idMode: z.enum(idModes).default('auto').openapi({
      description:
        'Keep the ids of the package (`preserve`), make new ones (`remap`), or keep them if nobody else has one (`auto`).',
    }),
    volumes: volumes.meta({
      description: `Volumes of the package. Each is uploaded by a form of its own; at most ${mostVolumes}.`,
    }),
    size: z
      .int()
      .positive()
      .optional()
      .openapi({ description: 'bytes of the package, all its volumes: refused early if it is too large' }),
  })
  .openapi('CreateRestoreRequest', { example: { requireConfirmation: true, size: 1_812_044 } });
export type CreateRestoreRequest = z.input<typeof CreateRestoreRequest>;

export const UploadForm = z
  .object({
    url: z.url(),
    fields: z.record(z.string(), z.string()).openapi({
      description:
        'POST these as `multipart/form-data` to `url`, and after them, as the last field, `file`. Good for 15 minutes.',
    }),
  })
  .openapi('UploadForm', {
    example: {
      url: 'https://packages.s3.amazonaws.com/',
      fields: { key: `uploads/ann/${exampleId}/1.fzip`, 'Content-Type': 'application/zip', Policy: 'eyJleHBpcm…' },
    },
  });
export type UploadForm = z.infer<typeof UploadForm>;

const forms = {
  uploadUrl: UploadForm.optional().openapi({ description: 'Where to send the package, if it is of one volume.' }),
  uploadUrls: z
    .array(UploadForm)
    .optional()
    .openapi({ description: 'Where to send the volumes of a set, each to one of them, in any order.' }),
};
export type UploadForms = { uploadUrl?: UploadForm; uploadUrls?: UploadForm[] };

const moved = { restoreId: id, status: ShownRestoreStatus, message: z.string() };
const movedExample = { restoreId: exampleId, status: 'validating', message: 'the package is being checked' } as const;

export const CreateRestoreResponse = z
  .object({
    ...moved,
    ...forms,
  })
  .openapi('CreateRestoreResponse');
export type CreateRestoreResponse = z.infer<typeof CreateRestoreResponse>;

export const RestoreMoved = z.object(moved).openapi('RestoreMoved', { example: movedExample });
export type RestoreMoved = z.infer<typeof RestoreMoved>;

export const FreshUploadUrl = z.object(forms).openapi('FreshUploadUrl');
export type FreshUploadUrl = z.infer<typeof FreshUploadUrl>;

export const ListRestoresQuery = z.strictObject({
  limit: whole(1, largestPage, defaultPage, 'Restores in the answer, at most.'),
  lastEvaluatedKey: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .openapi({ description: 'The `nextEvaluatedKey` of the page before.' }),
});

export const RestoreListItem = z
  .object({
    restoreId: id,
    status: ShownRestoreStatus,
    progress: percent,
    currentPhase: Phase.optional(),
    validateOnly: z.boolean(),
    requireConfirmation: z.boolean(),
    createdAt: date,
    uploadedAt: date.optional().openapi({ description: 'When the uploaded package was taken in.' }),
    completedAt: date.optional(),
    errorMessage: z.string().optional(),
  })
  .openapi('RestoreListItem');
export type RestoreListItem = z.infer<typeof RestoreListItem>;

export const RestoreList = z
  .object({
    restoreJobs: z.array(RestoreListItem).openapi({ description: 'Newest first.' }),
    nextEvaluatedKey: z.string().optional().openapi({ description: 'Opaque. Absent on the last page.' }),
  })
  .openapi('RestoreList');
export type RestoreList = z.infer<typeof RestoreList>;

const restored = z.int().nonnegative();

export const RestoreResults = z
  .object({
    accounts_restored: restored,
    categories_restored: restored,
    file_maps_restored: restored,
    files_restored: restored,
    files_without_bytes: z.int().nonnegative().openapi({
      description: 'Files among them whose row alone is there: the package did not hold their bytes.',
    }),
    transactions_restored: restored,
    analytics_restored: restored,
  })
  .openapi('RestoreResults');
export type RestoreResults = z.infer<typeof RestoreResults>;

export const Guidance = z
  .object({
    code: z.string().openapi({ description: 'Of the format document.', example: 'BAD_CHECKSUM' }),
    count: z.int().positive(),
    meaning: z.string(),
    advice: z.string().openapi({ description: 'What to do.' }),
  })
  .openapi('Guidance');
export type Guidance = z.infer<typeof Guidance>;

export const ShownValidationResults = z
  .object({
    ...ValidationResults.shape,
    errors: z.array(z.string()).openapi({
      description: 'The first hundred, and the first of each code; of a row with its id and its JSON path.',
    }),
    guidance: z.array(Guidance).openapi({ description: 'What each code among the errors means, and what to do.' }),
  })
  .openapi('ValidationResults', { description: 'What checking the package found.' });

const volumeNumbers = z.array(z.int().positive());

export const ReceivedUploads = z
  .object({ expected: z.int().positive(), received: volumeNumbers, missing: volumeNumbers })
  .openapi('ReceivedUploads', { description: 'The restore starts when nothing is missing.' });

export const RestoreSummary = z
  .object({
    counts: Counts,
    ids: z.enum(['kept', 'new', 'taken']).optional().openapi({
      description:
        'What a restore does, or would do: keep the ids of the package, or make new ones. `taken`: it was to keep them and cannot.',
    }),
    ...PackageSummary.partial().shape,
  })
  .openapi('RestoreSummary', {
    description:
      'What the package holds: rows of each kind, the first hundred accounts, sums of money by currency, levels of categories, dates, ' +
      'files by type. `idsTaken` of its ids have rows already: such a restore makes new ids, or is refused if it was to keep them.',
  });
export type RestoreSummary = z.infer<typeof RestoreSummary>;

export const RestoreStatus = z
  .object({
    ...RestoreListItem.shape,
    uploads: ReceivedUploads.optional(),
    idMode: Writing.shape.idMode.optional().meta({ description: 'What became of the ids, once that is decided.' }),
    validationResults: ShownValidationResults.optional(),
    summary: RestoreSummary.optional(),
    restoreResults: RestoreResults.optional(),
    error: cause('Why the restore failed or was canceled.'),
  })
  .openapi('RestoreStatus');
export type RestoreStatus = z.infer<typeof RestoreStatus>;
