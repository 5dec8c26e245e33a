/** Who is signed in: OIDC code flow with PKCE. Tokens live in this page's memory alone; a reload asks the issuer again. */
import { ErrorResponse, InMemoryWebStorage, type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import type { Settings } from '../config.ts';
import { urls } from '../urls.ts';

export type SessionState =
  | { is: 'signed-out'; problem?: string }
  | { is: 'signed-in'; user: string }
  /** What is on the screen stays, and requests wait, until the same user has signed in again. */
  | { is: 'expired'; user: string };

export type Session = {
  state(): SessionState;
  subscribe(listener: () => void): () => void;
  /** A token that is good now. Waits while the sign-in has expired. */
  token(): Promise<string>;
  /** The API did not take this token: the next one will be another. */
  refused(token: string): void;
  signIn(): Promise<void>;
  /** In a window of its own, so that this page keeps what it has. Rejects if there can be none, or it was closed. */
  signInAgain(): Promise<void>;
  signOut(): void;
};

/** Says in this tab's storage that the issuer may be asked without a click; no token is in it. */
const mark = 'fzip.signed-in';
/** The window in which one signs in again: it has no memory of its own of what was asked. */
const windowName = 'fzip-sign-in-again';
/** A token is renewed so long before its end, in seconds. */
const early = 30;

const managerOf = ({ issuer, clientId }: Settings): UserManager =>
  new UserManager({
    authority: issuer,
    client_id: clientId,
    redirect_uri: `${location.origin}${urls.signedIn}`,
    response_type: 'code',
    scope: 'openid',
    automaticSilentRenew: false,
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    // Of a sign-in under way: its state and PKCE verifier, which have to outlive the way to the issuer and back.
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
  });

/** Comes back from the issuer: the code leaves the address at once. */
const arrive = async (manager: UserManager): Promise<{ user?: User; problem?: string; isWindow?: boolean }> => {
  try {
    if (window.opener && window.name === windowName) {
      // The page that opened it takes it from here, and this window closes.
      await manager.signinPopupCallback();
      return { isWindow: true };
    }
    const user = await manager.signinRedirectCallback();
    const to = (user.state as { to?: unknown } | undefined)?.to;
    const isOurs = typeof to === 'string' && to.startsWith('/') && !to.startsWith('//');
    history.replaceState(null, '', isOurs ? to : urls.overview);
    return { user };
  } catch (error) {
    history.replaceState(null, '', urls.overview);
    return { problem: error instanceof Error ? error.message : String(error) };
  }
};

/** @returns undefined where another page goes on: in a window that has done its part, or on the way to the issuer. @throws if the issuer cannot be reached */
export const startSession = async (settings: Settings): Promise<Session | undefined> => {
  const manager = managerOf(settings);
  let user: User | undefined;
  let problem: string | undefined;
  if (location.pathname === urls.signedIn) {
    const arrived = await arrive(manager);
    if (arrived.isWindow) return undefined;
    ({ user, problem } = arrived);
    if (!user) sessionStorage.removeItem(mark);
  } else if (sessionStorage.getItem(mark)) {
    await signIn(manager);
    return undefined;
  }
  if (user) sessionStorage.setItem(mark, '1');
  return sessionOf(settings, manager, user, problem);
};

const signIn = (manager: UserManager): Promise<void> =>
  manager.signinRedirect({ state: { to: location.pathname + location.search } });

const sessionOf = (
  settings: Settings,
  manager: UserManager,
  first: User | undefined,
  problem: string | undefined,
): Session => {
  let user = first;
  let state: SessionState = first
    ? { is: 'signed-in', user: first.profile.sub }
    : { is: 'signed-out', ...(problem === undefined ? {} : { problem }) };
  let renewing: Promise<string> | undefined;
  let waiting: ((token: string) => void)[] = [];
  const listeners = new Set<() => void>();

  const become = (next: SessionState): void => {
    state = next;
    for (const listener of listeners) listener();
  };
  const take = (renewed: User): string => {
    user = renewed;
    become({ is: 'signed-in', user: renewed.profile.sub });
    for (const go of waiting.splice(0)) go(renewed.access_token);
    return renewed.access_token;
  };
  const expire = (): Promise<string> => {
    if (state.is === 'signed-in') become({ is: 'expired', user: state.user });
    return new Promise((resolve) => waiting.push(resolve));
  };
  const renew = async (): Promise<string> => {
    if (!user?.refresh_token) return expire();
    try {
      const renewed = await manager.signinSilent();
      return renewed ? take(renewed) : expire();
    } catch (error) {
      // The issuer said no. Whatever else is an accident of the network, and for the caller to repeat.
      if (error instanceof ErrorResponse) return expire();
      throw error;
    }
  };

  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    token: async () => {
      if (state.is === 'expired') return expire();
      if (user && (user.expires_in ?? early + 1) > early) return user.access_token;
      renewing ??= renew().finally(() => {
        renewing = undefined;
      });
      return renewing;
    },
    refused: (token) => {
      if (user?.access_token === token) user.expires_at = 0;
    },
    signIn: () => signIn(manager),
    signInAgain: async () => {
      const before = state.is === 'expired' ? state.user : undefined;
      const again = await manager.signinPopup({
        popupWindowTarget: windowName,
        popupWindowFeatures: { width: 480, height: 640 },
      });
      // What is on the screen is another's: it goes, whole.
      if (before !== undefined && again.profile.sub !== before) return location.assign(urls.overview);
      take(again);
    },
    signOut: () => {
      sessionStorage.removeItem(mark);
      waiting = [];
      void manager.removeUser();
      location.assign(settings.signOutUrl);
    },
  };
};
