/** The client's calls about the profile as a whole. */
import type { Abortable, Call } from './client-request.ts';
import type { Choices, ClearProfileRequest, ClearProfileResponse, ClearStatus, Profile } from './profile-schemas.ts';

type Asking = { ask<T>(method: string, path: string, call?: Call): Promise<T> };

/** Part of `fzipClient`. */
export const profileCalls = ({ ask }: Asking) => ({
  profile: (call: Abortable = {}) => ask<Profile>('GET', '/profile', call),
  choices: (call: Abortable = {}) => ask<Choices>('GET', '/profile/choices', call),
  /** Deletes everything of the profile; `confirm` is the user's own id. */
  clearProfile: (request: ClearProfileRequest, call: Abortable = {}) =>
    ask<ClearProfileResponse>('DELETE', '/profile', { body: request, ...call }),
  clearStatus: (clearId: string, call: Abortable = {}) =>
    ask<ClearStatus>('GET', `/profile/clear/${encodeURIComponent(clearId)}`, call),
});
