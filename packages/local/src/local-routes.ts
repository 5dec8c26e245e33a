/** Routes that the embedded runtime alone has: a token for any user, a sample profile for an empty one. */
import { UserId } from '@fzip/core';
import { z } from 'zod';
import { type Answer, jsonAnswer, refusal } from './gateway.ts';
import type { Issuer } from './issuer.ts';
import { type Counts, ProfileNotEmpty } from './profile-loader.ts';

const TokenRequest = z.strictObject({ user: UserId });
const ProfileRequest = z.strictObject({
  user: UserId,
  transactions: z.int().min(0).max(10_000_000).optional(),
  files: z.int().min(0).max(1_000_000).optional(),
  seed: z.int().optional(),
});
export type ProfileRequest = { user: string; transactions?: number; files?: number; seed?: number };
/** @throws ProfileNotEmpty, RangeError */
export type FillProfile = (request: ProfileRequest) => Promise<Counts>;

type World = { issuer: Issuer; fillProfile: FillProfile };
type LocalRequest = { method: string; path: string; body: Buffer };

const routes: Record<string, { method: string; answer: (world: World, body: Buffer) => Promise<Answer> }> = {
  '/local/token': { method: 'POST', answer: async (world, body) => issueToken(world, body) },
  '/local/jwks.json': { method: 'GET', answer: async ({ issuer }) => jsonAnswer(200, issuer.jwks) },
  '/local/profile': { method: 'POST', answer: async (world, body) => fillProfile(world, body) },
};

export const localAnswer = async (world: World, { method, path, body }: LocalRequest): Promise<Answer> => {
  const route = routes[path];
  if (!route) {
    return refusal(404, 'ROUTE_NOT_FOUND', `there is no ${path}; there are ${Object.keys(routes).join(', ')}`);
  }
  if (route.method !== method) {
    const message = `${method} is not allowed here; allowed is ${route.method}`;
    return { ...refusal(405, 'METHOD_NOT_ALLOWED', message) };
  }
  return route.answer(world, body);
};

const issueToken = async ({ issuer }: World, body: Buffer): Promise<Answer> => {
  const request = parse(TokenRequest, body);
  return request.ok ? jsonAnswer(200, await issuer.issue(request.value.user)) : request.answer;
};

const fillProfile = async (world: World, body: Buffer): Promise<Answer> => {
  const request = parse(ProfileRequest, body);
  if (!request.ok) return request.answer;
  try {
    const { user, transactions, files, seed } = request.value;
    const counts = await world.fillProfile({
      user,
      ...(transactions === undefined ? {} : { transactions }),
      ...(files === undefined ? {} : { files }),
      ...(seed === undefined ? {} : { seed }),
    });
    return jsonAnswer(201, { user, counts });
  } catch (error) {
    if (error instanceof ProfileNotEmpty) {
      return refusal(409, 'PROFILE_NOT_EMPTY', error.message, { counts: error.counts });
    }
    if (error instanceof RangeError) return refusal(400, 'INVALID_REQUEST', error.message);
    throw error;
  }
};

type Parsed<T> = { ok: true; value: T } | { ok: false; answer: Answer };

const parse = <T>(schema: z.ZodObject & z.ZodType<T>, body: Buffer): Parsed<T> => {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return { ok: false, answer: refusal(400, 'INVALID_JSON', 'the body is not JSON') };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const details = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.') || 'body', message }));
  const allowed = Object.keys(schema.shape).join(', ');
  return { ok: false, answer: refusal(400, 'INVALID_REQUEST', `allowed are ${allowed}`, { details }) };
};
