/** What every request carries through its handlers, and who made it. */

import { type Ports, UserId } from '@fzip/core';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ApiError } from './errors.ts';

export type ApiEnv = {
  /** Behind the API Gateway, its event; elsewhere whatever the server gives. */
  Bindings: Record<string, unknown>;
  Variables: {
    requestId: string;
    ports: Ports;
    /** Set before any handler that needs it runs. */
    user: string;
    /** The job that the request is about, for the audit line. */
    jobId?: string;
    /** How an error was answered, for the audit line. */
    refusal?: string;
  };
};
export type ApiContext = Context<ApiEnv>;

/** Who made a request, by whatever proves it: not parsed yet, undefined if nothing does. A rejection is a failure of our own. */
export type Identify = (context: ApiContext) => unknown;

/** An API Gateway v2 event, past the JWT authorizer. */
const AuthorizedEvent = z.object({
  requestContext: z.object({ authorizer: z.object({ jwt: z.object({ claims: z.object({ sub: z.string() }) }) }) }),
});
const AnyEvent = z.object({ requestContext: z.object({ requestId: z.string().min(1).max(128) }) });

/** The subject of the token that the API Gateway's authorizer has verified. */
export const gatewayUser: Identify = ({ env }) =>
  AuthorizedEvent.safeParse(env?.event).data?.requestContext.authorizer.jwt.claims.sub;

/** The id that the API Gateway gave the request. A client's header would let it forge lines of the log. */
export const gatewayRequestId = ({ env }: ApiContext): string | undefined =>
  AnyEvent.safeParse(env?.event).data?.requestContext.requestId;

/** @throws ApiError UNAUTHORIZED if nobody is signed in, or under an id that cannot be a user's */
export const signedInUser = async (identify: Identify, context: ApiContext): Promise<string> => {
  const user = UserId.safeParse(await identify(context));
  if (!user.success) throw new ApiError('UNAUTHORIZED');
  return user.data;
};
