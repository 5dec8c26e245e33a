/** What goes in and what comes out of a profile as a whole. */
import { Counts, Phase } from '@fzip/core';
import { z } from '@hono/zod-openapi';
import { bytes, cause, date, exampleCounts, exampleId, id, percent } from './schema-parts.ts';

export const Profile = z
  .object({
    counts: Counts.meta({ description: 'Rows of each kind.' }),
    exact: z.boolean().openapi({ description: 'False: counting was cut short after 2 s, and counts are "at least".' }),
    empty: z.boolean().openapi({
      description: 'A package can be restored into it. The one category that HouseF3 makes by itself does not count.',
    }),
    estimate: z
      .object({ size: bytes, seconds: z.int().nonnegative() })
      .openapi({ description: 'What a complete backup of it comes to, about; "at least" if counting was cut short.' }),
  })
  .openapi('Profile', {
    example: { counts: exampleCounts, exact: true, empty: false, estimate: { size: 1_843_200, seconds: 3 } },
  });
export type Profile = z.infer<typeof Profile>;

const Choice = z.object({ id: z.string(), name: z.string() });

export const Choices = z
  .object({
    accounts: z.array(Choice),
    categories: z.array(Choice),
    more: z.boolean().openapi({ description: 'There are more than the first 500 of a kind, which are here.' }),
  })
  .openapi('Choices', {
    example: { accounts: [{ id: exampleId, name: 'Checking' }], categories: [], more: false },
  });
export type Choices = z.infer<typeof Choices>;

export const ClearProfileRequest = z
  .strictObject({
    confirm: z.string().openapi({ description: 'Your own user id, as a word that you mean it.' }),
    withoutBackup: z.boolean().default(false).openapi({
      description:
        'Clears a profile of which there is no backup to be downloaded that holds all of it: complete, whole, with every file’s bytes, and with as many rows as are there. Nothing brings it back then.',
    }),
  })
  .openapi('ClearProfileRequest', { example: { confirm: 'ann' } });
export type ClearProfileRequest = z.input<typeof ClearProfileRequest>;

export const ShownClearStatus = z.enum(['processing', 'completed', 'failed']).openapi('ShownClearStatus');
export type ShownClearStatus = z.infer<typeof ShownClearStatus>;

const asked = { clearId: id, status: ShownClearStatus };

export const ClearProfileResponse = z
  .object({ ...asked, message: z.string(), counts: Counts.meta({ description: 'Rows that will be deleted.' }) })
  .openapi('ClearProfileResponse', {
    example: {
      clearId: exampleId,
      status: 'processing',
      message: 'the profile is being cleared',
      counts: exampleCounts,
    },
  });
export type ClearProfileResponse = z.infer<typeof ClearProfileResponse>;

export const ClearStatus = z
  .object({
    ...asked,
    progress: percent,
    currentPhase: Phase.optional(),
    requestedAt: date,
    updatedAt: date,
    completedAt: date.optional(),
    cleared: Counts.optional().meta({ description: 'Rows of each kind that the profile held, once they are gone.' }),
    error: cause('Why it could not be done. What was deleted by then stays deleted; it can be asked for again.'),
  })
  .openapi('ClearStatus');
export type ClearStatus = z.infer<typeof ClearStatus>;
