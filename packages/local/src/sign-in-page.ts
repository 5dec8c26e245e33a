/** The page on which a sample user is chosen: HTML and CSS alone, with nothing of the request in it unescaped. */
import { createHash } from 'node:crypto';
import type { Answer } from './gateway.ts';
import type { SampleUser } from './sign-in.ts';

const style = `
:root{color-scheme:light dark;--ink:#16212b;--soft:#51606d;--page:#f3f5f7;--card:#fff;--line:#c9d2da;--act:#0b6b5d}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf1;--soft:#a9b6c1;--page:#11181e;--card:#1a242c;--line:#3a4853;--act:#5fd0bd}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;grid-template-columns:minmax(0,1fr);place-items:center;padding:1rem;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{width:min(26rem,100%);background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:1.5rem}
h1{font-size:1.35rem;margin:0 0 .25rem}
p{margin:0 0 1rem;color:var(--soft)}
button{font:inherit;color:inherit;cursor:pointer}
.user{display:block;width:100%;text-align:left;padding:.75rem 1rem;margin:0 0 .5rem;background:transparent;border:1px solid var(--line);border-radius:.6rem}
.user:hover{border-color:var(--act)}
.user strong{display:block;overflow-wrap:anywhere}
.user span{color:var(--soft);font-size:.9rem}
label{display:block;margin:1.25rem 0 .25rem;font-weight:600}
.row{display:flex;gap:.5rem}
input{flex:1;min-width:0;font:inherit;color:inherit;background:transparent;border:1px solid var(--soft);border-radius:.6rem;padding:.5rem .75rem}
.go{border:0;border-radius:.6rem;padding:.5rem 1rem;background:var(--act);color:var(--card);font-weight:600}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.error{color:#b3261e}
@media (prefers-color-scheme:dark){.error{color:#ffb4ab}}
`;
const styleHash = createHash('sha256').update(style).digest('base64');

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');

const page = (status: number, title: string, main: string): Answer => ({
  status,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // With `no-referrer` a form would be sent from the origin `null`.
    'referrer-policy': 'same-origin',
    // A form's redirect counts as its target: the page that asked may stand under this machine's other name.
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self' http://127.0.0.1:* http://localhost:*; base-uri 'none'; frame-ancestors 'none'`,
  },
  body: Buffer.from(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(title)}</title><style>${style}</style></head><body><main><h1>${escaped(title)}</h1>${main}</main></body></html>`,
  ),
});

/** @param asked what came with the request, and is sent back with the choice */
export const signInPage = (asked: object, users: readonly SampleUser[], error?: string): Answer => {
  const hidden = Object.entries(asked)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(String(value))}">`)
    .join('');
  const form = (inner: string) => `<form method="post" action="authorize">${hidden}${inner}</form>`;
  const offered = users
    .map(
      ({ id, about }) =>
        `<button class="user" name="user" value="${escaped(id)}"><strong>${escaped(id)}</strong><span>${escaped(about)}</span></button>`,
    )
    .join('');
  const said = error === undefined ? '' : `<p class="error" role="alert">${escaped(error)}</p>`;
  const other = form(
    '<label for="user">Another user id</label><div class="row"><input id="user" name="user" required maxlength="128" autocomplete="off" spellcheck="false"><button class="go">Sign in</button></div>',
  );
  const about = '<p>Choose who you are. This page stands in for HouseF3’s sign-in, on this machine alone.</p>';
  return page(error === undefined ? 200 : 400, 'Sign in to FZIP', about + said + form(offered) + other);
};

export const errorPage = (status: number, message: string): Answer =>
  page(status, 'Signing in is not possible', `<p>${escaped(message)} Go back and begin again.</p>`);
