/** What zod found wrong, in the words of the API: each field with what was found and what is allowed. */
import type { z } from '@hono/zod-openapi';
import { ApiError, type ErrorDetail } from './errors.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** `accountIds[2].name` */
const fieldPath = (path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');

const unknownFields = (issue: Issue & { code: 'unrecognized_keys' }, allowed: readonly string[]): ErrorDetail[] =>
  issue.keys.map((key) => ({
    field: fieldPath([...issue.path, key]),
    message: `unknown; allowed are ${allowed.join(', ') || 'none'}`,
    ...(issue.path.length === 0 ? { allowed: [...allowed] } : {}),
  }));

const details = (issue: Issue, where: string, names: readonly string[]): ErrorDetail[] => {
  if (issue.code === 'unrecognized_keys') return unknownFields(issue, names);
  const field = fieldPath(issue.path) || where;
  if (issue.code === 'invalid_value') return [{ field, message: issue.message, allowed: issue.values.map(String) }];
  return [{ field, message: issue.message }];
};

/**
 * The refusal of a request part that does not fit its schema.
 * @param where names the part itself (`body`, `query`), for what is wrong with all of it
 * @param names the fields that the part may have
 */
const invalid = (error: z.core.$ZodError, where: string, names: readonly string[]): ApiError => {
  const found = error.issues.flatMap((issue) => details(issue, where, names));
  return new ApiError('INVALID_REQUEST', found.map(({ field, message }) => `${field}: ${message}`).join('; '), found);
};

/** What a validator found of one part of a request. */
export type Checked = { target: string; success: boolean; data?: unknown; error?: z.core.$ZodError };

/** Refuses what does not fit; `schema` knows the fields there are. */
export const refuseUnless =
  (where: string, schema: z.ZodObject) =>
  (result: Checked): undefined => {
    if (result.error) throw invalid(result.error, where, Object.keys(schema.shape));
  };
