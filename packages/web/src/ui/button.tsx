import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps } from 'react-aria-components';
import { Link, type LinkProps } from 'react-router';

type Kind = 'main' | 'quiet' | 'danger' | 'plain';

/** While `isPending` it keeps the focus and does nothing. */
export const Button = ({
  kind = 'quiet',
  children,
  ...props
}: Omit<ButtonProps, 'children'> & { kind?: Kind; children: ReactNode }) => (
  <AriaButton {...props} className={`button button-${kind}`}>
    {({ isPending }) => (
      <>
        {isPending && <span className="spinner" aria-hidden="true" />}
        {children}
      </>
    )}
  </AriaButton>
);

/** Looks like a button and is what it is: a link. */
export const ButtonLink = ({ kind = 'quiet', ...props }: LinkProps & { kind?: Kind }) => (
  <Link {...props} className={`button button-${kind}`} />
);
