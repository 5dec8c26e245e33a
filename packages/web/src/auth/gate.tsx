/** What stands before the pages: signing in, and signing in again. */
import { type ReactNode, useState, useSyncExternalStore } from 'react';
import { Button } from '../ui/button.tsx';
import { MustAnswer } from '../ui/dialog.tsx';
import { Untrusted } from '../ui/text.tsx';
import { urls } from '../urls.ts';
import type { Session, SessionState } from './session.ts';

export const useSessionState = (session: Session): SessionState =>
  useSyncExternalStore(session.subscribe, session.state);

const Welcome = ({ session, problem }: { session: Session; problem?: string | undefined }) => {
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  const go = () => {
    setPending(true);
    setError(undefined);
    session.signIn().catch((failure: unknown) => {
      setError(failure);
      setPending(false);
    });
  };
  return (
    <main className="welcome">
      <img src="/favicon.svg" alt="" width="56" height="56" />
      <h1>FZIP</h1>
      <p>
        Your HouseF3 profile in one file: back it up, check that it restores, and bring it back whole. The file is a ZIP
        that any computer opens.
      </p>
      {problem && (
        <div className="notice notice-warn" role="alert">
          Signing in did not work. Nothing was changed; try again.{' '}
          <details>
            <summary>Details</summary>
            <Untrusted text={problem} />
          </details>
        </div>
      )}
      {error !== undefined && (
        <div className="notice notice-bad" role="alert">
          The sign-in service cannot be reached. Wait a moment and try again.
        </div>
      )}
      <div className="actions">
        <Button kind="main" isPending={isPending} onPress={go}>
          Sign in
        </Button>
        <a className="button button-quiet" href={urls.guide} target="_blank" rel="noreferrer">
          How it works
        </a>
      </div>
    </main>
  );
};

const SignInAgain = ({ session, user }: { session: Session; user: string }) => {
  const [failed, setFailed] = useState(false);
  const [isPending, setPending] = useState(false);
  const go = () => {
    setPending(true);
    setFailed(false);
    session
      .signInAgain()
      .catch(() => setFailed(true))
      .finally(() => setPending(false));
  };
  return (
    <MustAnswer title="Your sign-in has expired">
      <p>
        Sign in again as <Untrusted text={user} />. This page stays as it is, with all you have entered and chosen; what
        you asked for last goes on by itself.
      </p>
      {failed && (
        <p className="notice notice-warn" role="alert">
          The window to sign in was closed or could not be opened. Allow this page to open windows, and try again.
        </p>
      )}
      <div className="actions">
        <Button kind="main" autoFocus isPending={isPending} onPress={go}>
          Sign in again
        </Button>
        <Button onPress={session.signOut}>Sign out</Button>
      </div>
    </MustAnswer>
  );
};

export const Gate = ({ session, children }: { session: Session; children: (user: string) => ReactNode }) => {
  const state = useSessionState(session);
  if (state.is === 'signed-out') return <Welcome session={session} problem={state.problem} />;
  return (
    <>
      {children(state.user)}
      {state.is === 'expired' && <SignInAgain session={session} user={state.user} />}
    </>
  );
};
