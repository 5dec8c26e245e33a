/** What a page shows when it has nothing to show yet, nothing at all, or no answer. */
import { onlineManager, type UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { told } from '../words/errors.ts';
import { Button } from './button.tsx';
import { Untrusted } from './text.tsx';

/** From then on a wait is called long. */
const slowMs = 4_000;

export const useIsOnline = (): boolean =>
  useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  );

export const Loading = ({ what }: { what: string }) => {
  const [isSlow, setSlow] = useState(false);
  const isOnline = useIsOnline();
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), slowMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">Loading {what}</span>
      <div className="bone" aria-hidden="true" />
      <div className="bone" aria-hidden="true" />
      <div className="bone bone-short" aria-hidden="true" />
      {isSlow && isOnline && (
        <p className="soft">This takes longer than usual. It goes on; you need not do anything.</p>
      )}
      {!isOnline && <p className="soft">You are offline. This goes on when you are connected again.</p>}
    </div>
  );
};

/** A failure in words. What the server said comes behind a word to click on. */
export const Problem = ({
  error,
  retry,
  onlyLooked = false,
  children,
}: {
  error: unknown;
  retry?: () => void;
  onlyLooked?: boolean;
  children?: ReactNode;
}) => {
  const { title, changed, todo, code, message, details } = told(error, { onlyLooked });
  return (
    <div className="problem" role="alert">
      <h2>{title}</h2>
      <p>{changed}</p>
      <p>{todo}</p>
      {details.length > 0 && (
        <ul>
          {details.map(({ field, message: about }) => (
            <li key={`${field} ${about}`}>
              <Untrusted text={`${field}: ${about}`} />
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>Details</summary>
        <p>
          <code>{code}</code> <Untrusted text={message} />
        </p>
      </details>
      {(retry || children) && (
        <div className="actions">
          {retry && <Button onPress={retry}>Try again</Button>}
          {children}
        </div>
      )}
    </div>
  );
};

export const Empty = ({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) => (
  <div className="empty">
    <h2>{title}</h2>
    <div className="soft">{children}</div>
    {actions && <div className="actions">{actions}</div>}
  </div>
);

/** A page's data, or what stands there instead. What was shown stays while the server is away, and says that it is old. */
export const Await = <T,>({
  query,
  what,
  children,
}: {
  query: UseQueryResult<T>;
  what: string;
  children: (data: T) => ReactNode;
}) => {
  const { data, error, isError, refetch } = query;
  if (data === undefined && isError) return <Problem error={error} retry={() => void refetch()} onlyLooked />;
  if (data === undefined) return <Loading what={what} />;
  return (
    <>
      {isError && (
        <div className="notice notice-warn" role="status">
          {told(error).title}. What you see here may be out of date.{' '}
          <Button kind="plain" onPress={() => void refetch()}>
            Try again
          </Button>
        </div>
      )}
      {children(data)}
    </>
  );
};

export const OfflineBanner = () => {
  const isOnline = useIsOnline();
  return (
    <div role="status" className={isOnline ? '' : 'banner'}>
      {!isOnline &&
        'You are offline. What was running goes on without this page, and the page goes on when you are connected again.'}
    </div>
  );
};
