/** Why a job ended before its work was done. */
import type { ReactNode } from 'react';
import { causeOf } from '../words/causes.ts';
import { Untrusted } from './text.tsx';

type Cause = { code: string; message: string; details?: string[] | undefined };

export const Ended = ({ error, children }: { error: Cause; children?: ReactNode }) => {
  const { title, changed, todo } = causeOf(error.code);
  return (
    <section className={`card ${error.code === 'CANCELED' ? 'card-warn' : 'card-bad'}`} role="status">
      <h2>{title}</h2>
      <p>{changed}</p>
      <p>{todo}</p>
      <details>
        <summary>Details</summary>
        <p>
          <code>{error.code}</code> <Untrusted text={error.message} />
        </p>
        {error.details && error.details.length > 0 && (
          <ul>
            {error.details.map((text) => (
              <li key={text}>
                <Untrusted text={text} />
              </li>
            ))}
          </ul>
        )}
      </details>
      {children && <div className="actions">{children}</div>}
    </section>
  );
};
