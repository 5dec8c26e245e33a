/** Refuses whoever asks for jobs too often. */
import { overRate } from '@fzip/core';
import type { ApiContext } from './context.ts';
import { ApiError } from './errors.ts';

/** To be asked once for each job that is begun, not for a request that repeats another one. @throws ApiError TOO_MANY_REQUESTS */
export const refuseTooOften = async (c: ApiContext): Promise<void> => {
  const over = await overRate(c.get('ports'), c.get('user'));
  if (!over) return;
  const { allowed, retryAfter } = over;
  const message = `you may ask for ${allowed} jobs a minute; ask again in ${retryAfter} s`;
  throw new ApiError('TOO_MANY_REQUESTS', message, undefined, undefined, { 'retry-after': String(retryAfter) });
};
