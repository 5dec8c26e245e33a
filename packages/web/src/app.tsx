/** Every page and its address. What the first screen does not need is loaded when it is wanted. */
import { QueryClientProvider } from '@tanstack/react-query';
import { Component, lazy, type ReactNode, Suspense, useMemo } from 'react';
import { BrowserRouter, NavLink, Route, Routes } from 'react-router';
import { clientFor } from './api.ts';
import { Gate } from './auth/gate.tsx';
import type { Session } from './auth/session.ts';
import type { Settings } from './config.ts';
import { Overview } from './pages/overview.tsx';
import { ClientContext, makeQueryClient } from './queries.ts';
import { Button, ButtonLink } from './ui/button.tsx';
import { Page } from './ui/page.tsx';
import { Loading, OfflineBanner, Problem } from './ui/states.tsx';
import { Untrusted } from './ui/text.tsx';
import { urls } from './urls.ts';
import { UserContext } from './user.ts';

const Backups = lazy(() => import('./pages/backups.tsx'));
const NewBackup = lazy(() => import('./pages/new-backup.tsx'));
const Backup = lazy(() => import('./pages/backup.tsx'));
const Check = lazy(() => import('./pages/check.tsx'));
const Restores = lazy(() => import('./pages/restores.tsx'));
const NewRestore = lazy(() => import('./pages/new-restore.tsx'));
const Restore = lazy(() => import('./pages/restore.tsx'));
const ClearProfile = lazy(() => import('./pages/clear-profile.tsx'));

const NotFound = () => (
  <Page title="There is no such page">
    <p>The address may have a typing error, or be of something that was deleted.</p>
    <ButtonLink kind="main" to={urls.overview}>
      To the overview
    </ButtonLink>
  </Page>
);

/** A part that could not be loaded, or a mistake of these pages: said, with a way out. */
class Catch extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <Page title="This page could not be shown">
        <Problem error={this.state.error} retry={() => location.reload()} />
      </Page>
    );
  }
}

const Shell = ({ session, user, children }: { session: Session; user: string; children: ReactNode }) => (
  <>
    <a className="skip" href="#content">
      To the content
    </a>
    <header className="top">
      <NavLink to={urls.overview} end className="brand">
        <img src="/favicon.svg" alt="" width="28" height="28" /> FZIP
      </NavLink>
      <nav aria-label="Pages">
        <NavLink to={urls.overview} end>
          Overview
        </NavLink>
        <NavLink to={urls.backups}>Backups</NavLink>
        <NavLink to={urls.restores}>Restore</NavLink>
        <a href={urls.guide} target="_blank" rel="noreferrer">
          Guide
        </a>
      </nav>
      <div className="who">
        <span className="who-name">
          <span className="visually-hidden">Signed in as </span>
          <Untrusted text={user} />
        </span>
        <Button kind="plain" onPress={session.signOut}>
          Sign out
        </Button>
      </div>
    </header>
    <OfflineBanner />
    <main id="content" tabIndex={-1}>
      <Catch>
        <Suspense fallback={<Loading what="the page" />}>{children}</Suspense>
      </Catch>
    </main>
  </>
);

const Pages = () => (
  <Routes>
    <Route path="/" element={<Overview />} />
    <Route path="/backups" element={<Backups />} />
    <Route path="/backups/new" element={<NewBackup />} />
    <Route path="/backups/:backupId" element={<Backup />} />
    <Route path="/backups/:backupId/checks/:validationId" element={<Check />} />
    <Route path="/restores" element={<Restores />} />
    <Route path="/restores/new" element={<NewRestore />} />
    <Route path="/restores/:restoreId" element={<Restore />} />
    <Route path="/profile/clear" element={<ClearProfile />} />
    <Route path="*" element={<NotFound />} />
  </Routes>
);

export const App = ({ settings, session }: { settings: Settings; session: Session }) => {
  const client = useMemo(() => clientFor(settings, session), [settings, session]);
  const queries = useMemo(makeQueryClient, []);
  return (
    <QueryClientProvider client={queries}>
      <ClientContext value={client}>
        <BrowserRouter>
          <Gate session={session}>
            {(user) => (
              <UserContext value={user}>
                <Shell session={session} user={user}>
                  <Pages />
                </Shell>
              </UserContext>
            )}
          </Gate>
        </BrowserRouter>
      </ClientContext>
    </QueryClientProvider>
  );
};
