/** The frame of a page: its title in the tab and as heading, which gets the focus when one comes from another page. */
import { type ReactNode, useEffect, useRef } from 'react';
import { Link, useLocation } from 'react-router';

let isFirst = true;

export const Page = ({
  title,
  actions,
  back,
  children,
}: {
  title: string;
  actions?: ReactNode;
  back?: { to: string; name: string };
  children: ReactNode;
}) => {
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    document.title = `${title} – FZIP`;
  }, [title]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each address is a page of its own
  useEffect(() => {
    // After a load the browser begins at the top by itself.
    if (!isFirst) {
      window.scrollTo(0, 0);
      heading.current?.focus({ preventScroll: true });
    }
    isFirst = false;
  }, [pathname]);
  return (
    <div className="page">
      {back && (
        <Link className="back" to={back.to}>
          <span aria-hidden="true">←</span> {back.name}
        </Link>
      )}
      <header className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions && <div className="actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
};

export const Card = ({
  title,
  children,
  tone,
  actions,
}: {
  title?: string;
  children: ReactNode;
  tone?: 'warn' | 'bad' | 'good';
  actions?: ReactNode;
}) => (
  <section className={`card${tone ? ` card-${tone}` : ''}`}>
    {title && <h2>{title}</h2>}
    {children}
    {actions && <div className="actions">{actions}</div>}
  </section>
);

/** What may be wider than the screen: whoever has no mouse scrolls it with the arrow keys. */
export const Scrolls = ({ label, children }: { label: string; children: ReactNode }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to take the focus
  <section className="scrolls" aria-label={label} tabIndex={0}>
    {children}
  </section>
);
