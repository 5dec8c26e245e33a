/** What every route is put together from. */
import { z } from '@hono/zod-openapi';
import { ErrorBody, type ErrorCode, errorCodes } from './errors.ts';
import { exampleCounts } from './schema-parts.ts';

type StatusOf<C extends ErrorCode> = (typeof errorCodes)[C]['status'];
type ErrorResponse = {
  description: string;
  content: { 'application/json': { schema: typeof ErrorBody; examples: Record<string, { value: ErrorBody }> } };
  headers?: z.ZodObject;
};

const retryAfter = z.object({
  'Retry-After': z.string().optional().openapi({ description: 'Of TOO_MANY_REQUESTS: seconds to wait.' }),
});

/** What an example shows besides the code and its meaning. */
const more: { [C in ErrorCode]?: Omit<ErrorBody, 'error' | 'message'> } = {
  PROFILE_NOT_EMPTY: {
    profileSummary: exampleCounts,
    exact: true,
    suggestion: 'Back the profile up and clear it, or check the package alone with validateOnly.',
  },
};

const withStatus = (codes: readonly ErrorCode[], status: number): ErrorResponse => {
  const same = codes.filter((code) => errorCodes[code].status === status);
  const example = (code: ErrorCode) =>
    [code, { value: { error: code, message: errorCodes[code].meaning, ...more[code] } }] as const;
  return {
    description: same.map((code) => `\`${code}\`: ${errorCodes[code].meaning}`).join(' '),
    content: { 'application/json': { schema: ErrorBody, examples: Object.fromEntries(same.map(example)) } },
    ...(same.includes('TOO_MANY_REQUESTS') ? { headers: retryAfter } : {}),
  };
};

/** The responses of error codes, by their statuses. */
export const errors = <const C extends readonly ErrorCode[]>(
  ...codes: C
): { [S in StatusOf<C[number]>]: ErrorResponse } =>
  Object.fromEntries(codes.map((code) => [errorCodes[code].status, withStatus(codes, errorCodes[code].status)])) as {
    [S in StatusOf<C[number]>]: ErrorResponse;
  };

export const json = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { 'application/json': { schema } },
});

export const signedIn = { security: [{ bearer: [] }] };
