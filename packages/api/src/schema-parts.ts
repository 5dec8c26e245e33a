/** What the schemas of every kind of job share. */
import { z } from '@hono/zod-openapi';

export const largestPage = 100;
export const defaultPage = 20;

export const date = z.int().nonnegative().openapi({ description: 'ms since epoch', example: 1_767_225_600_000 });
export const bytes = z.int().nonnegative().openapi({ description: 'bytes' });
export const percent = z.number().min(0).max(100);
export const exampleId = '0b7e7dd6-5a52-4b5b-9a2c-6f3f1c1c7a10';
export const exampleCounts = {
  accounts: 3,
  categories: 24,
  file_maps: 2,
  transaction_files: 12,
  transactions: 1840,
  analytics: 10,
};
export const id = z.uuid().openapi({ example: exampleId });

/** Why a job failed or was canceled. */
export const cause = (description: string) =>
  z
    .object({ code: z.string(), message: z.string(), details: z.array(z.string()).optional() })
    .optional()
    .openapi({ description });

export const largest = 999_999_999_999_999;

/** A whole number out of a query string. */
export const whole = (min: number, max: number, fallback?: number, description?: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`)
    .optional()
    .openapi({
      type: 'integer',
      minimum: min,
      maximum: max,
      ...(fallback === undefined ? {} : { default: fallback }),
      ...(description === undefined ? {} : { description }),
    });

export const JobPath = z.object({ id: z.string().openapi({ format: 'uuid', example: exampleId }) });

export const IdempotencyHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
    .optional()
    .openapi({
      description: 'Repeating a request with the same key answers with the job of the first one.',
      example: 'move-2026-01',
    }),
});
