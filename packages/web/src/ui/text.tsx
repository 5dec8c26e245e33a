/** Small pieces of text: what comes from packages, times, sizes, badges. */
import { type ReactNode, useEffect, useState } from 'react';
import { partsOf } from '../escapes.ts';
import { moment, relative } from '../format.ts';
import type { Tone } from '../words/names.ts';

/** A text that somebody else wrote: apart from the direction of what stands around it, with what it hides made visible. */
export const Untrusted = ({ text }: { text: string }) => {
  let place = 0;
  return (
    <bdi className="untrusted">
      {partsOf(text).map((part) => {
        place += 1;
        return 'text' in part ? (
          part.text
        ) : (
          <span key={place} className="escape" title="a character that cannot be seen">
            ⟨{part.escape}⟩
          </span>
        );
      })}
    </bdi>
  );
};

/** Texts that somebody else wrote, one below the other. */
export const Texts = ({ of }: { of: readonly string[] }) => (
  <ul>
    {of.map((text) => (
      <li key={text}>
        <Untrusted text={text} />
      </li>
    ))}
  </ul>
);

/** A text of our own, in which backticks mark what is typed. */
export const Said = ({ text }: { text: string }) =>
  text.split('`').map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : part));

export const Badge = ({ tone, children }: { tone: Tone; children: ReactNode }) => (
  <span className={`badge badge-${tone}`}>{children}</span>
);

/** The time now, in ms, anew every so often. */
export const useNow = (everyMs = 30_000): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
};

/** `3 Mar 2026, 14:05 (2 days ago)` */
export const When = ({ at, short = false }: { at: number; short?: boolean }) => {
  const now = useNow();
  const full = moment(at);
  return (
    <time dateTime={new Date(at).toISOString()} title={full}>
      {short ? relative(at, now) : `${full} (${relative(at, now)})`}
    </time>
  );
};

export const Facts = ({ of }: { of: [term: string, value: ReactNode][] }) => (
  <dl className="facts">
    {of
      .filter(([, value]) => value !== undefined && value !== null && value !== false)
      .map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
);
