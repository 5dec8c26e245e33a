/** What goes into a validation on demand, and what comes out. */
import { Counts, Difference, DifferencesByKind, ExaminationNote, examinationModes } from '@fzip/core';
import { z } from '@hono/zod-openapi';
import { bytes, cause, date, exampleId, id, percent } from './schema-parts.ts';

const mode = z.enum(examinationModes).openapi({
  description:
    '`deep` reads every byte of the stored package again, and judges it as if it were unknown. ' +
    '`compare` tells what was added, removed and changed in the profile since the backup. ' +
    '`round_trip` restores the package into tables apart from every profile, backs that up, and compares both packages: ' +
    'proof that it restores. For backups of up to 100 000 rows.',
});

export const ValidateBackupRequest = z
  .strictObject({ mode })
  .openapi('ValidateBackupRequest', { example: { mode: 'deep' } });
export type ValidateBackupRequest = z.input<typeof ValidateBackupRequest>;

export const ShownValidationStatus = z.enum(['processing', 'completed', 'failed']).openapi('ShownValidationStatus');
export type ShownValidationStatus = z.infer<typeof ShownValidationStatus>;

const asked = { validationId: id, backupId: id, mode, status: ShownValidationStatus };

export const ValidateBackupResponse = z.object(asked).openapi('ValidateBackupResponse', {
  example: { validationId: exampleId, backupId: exampleId, mode: 'deep', status: 'processing' },
});
export type ValidateBackupResponse = z.infer<typeof ValidateBackupResponse>;

export const ValidationPath = z.object({
  id: z.string().openapi({ format: 'uuid', example: exampleId, description: 'Of the backup.' }),
  validationId: z.string().openapi({ format: 'uuid', example: exampleId }),
});

export const ValidationStatus = z
  .object({
    ...asked,
    status: ShownValidationStatus.openapi({
      description: '`completed`: it was done, and `result` tells what was found. `failed`: it could not be done.',
    }),
    progress: percent,
    requestedAt: date,
    updatedAt: date,
    completedAt: date.optional(),
    result: z
      .object({
        ok: z.boolean().openapi({
          description: 'Nothing was found: no damage, and by `compare` or `round_trip` no difference either.',
        }),
        damaged: z.boolean().openapi({
          description:
            'The package is not what it was when it was completed, or, by `round_trip`, does not restore to what it holds.',
        }),
        issues: z.array(z.string()).openapi({ description: 'The first hundred, each with what it is about.' }),
        issueCount: z.int().nonnegative(),
        warnings: z.array(z.string()).openapi({ description: 'What was not looked at, and what is odd.' }),
        counts: Counts.meta({ description: 'Rows of each kind that were read.' }),
        files: z.int().nonnegative(),
        bytes: bytes.optional(),
        differences: z
          .array(Difference)
          .optional()
          .openapi({
            description:
              'Of `compare`: the first 1 000. `fields` names what changed of a row, `bytes` a file of another size. ' +
              'Of `round_trip` the same of what was restored; `bytes` are compared there byte by byte.',
          }),
        differencesCount: z
          .int()
          .nonnegative()
          .optional()
          .openapi({ description: 'Of `compare` and `round_trip`: of all differences.' }),
        differencesByKind: DifferencesByKind.optional().meta({
          description: 'Of `compare` and `round_trip`: rows of each kind that is in the backup.',
        }),
      })
      .optional(),
    error: cause('Why it could not be done.'),
  })
  .openapi('ValidationStatus');
export type ValidationStatus = z.infer<typeof ValidationStatus>;

/** The latest validation of each mode, as the backup's own status tells it. */
export const Validations = z
  .partialRecord(
    z.enum(examinationModes),
    z.object({
      ...ExaminationNote.shape,
      validationId: id,
      at: date,
      issues: z.array(z.string()).openapi({ description: 'The first ten.' }),
    }),
  )
  .openapi({ description: 'What validations on demand found: the latest of each mode.' });
