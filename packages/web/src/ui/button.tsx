import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps } from 'react-aria-components';
import { Link, type LinkProps } from 'react-router';

type Kind = 'main' | 'quiet' | 'danger' | 'plain';
type Props = Omit<ButtonProps, 'children' | 'isPending'> & { kind?: Kind; isPending?: boolean; children: ReactNode };

/** While `isPending` it keeps the focus, does nothing, and says so. */
export const Button = ({ kind = 'quiet', isPending = false, children, onPress, type, ...props }: Props) => (
  <AriaButton
    {...props}
    className={`button button-${kind}${isPending ? ' button-pending' : ''}`}
    {...(isPending
      ? { 'aria-disabled': true, type: 'button' }
      : { ...(onPress && { onPress }), ...(type && { type }) })}
  >
    {isPending && <span className="spinner" aria-hidden="true" />}
    {children}
    {isPending && <span className="visually-hidden">, under way</span>}
  </AriaButton>
);

/** Looks like a button and is what it is: a link. */
export const ButtonLink = ({ kind = 'quiet', ...props }: LinkProps & { kind?: Kind }) => (
  <Link {...props} className={`button button-${kind}`} />
);
