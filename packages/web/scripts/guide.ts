/** Makes guide.html out of docs/user-guide.md, with its pictures, so that the pages can lead to it without anybody else's server. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { marked } from 'marked';
import type { Plugin } from 'vite';

const docs = path.resolve(import.meta.dirname, '../../../docs');
const pictures = 'images';

const style = `
:root{color-scheme:light dark;--ink:#16212b;--page:#f3f5f7;--card:#fff;--line:#d5dce2;--act:#0b6b5d}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf1;--page:#10171d;--card:#19232b;--line:#2c3943;--act:#5fd0bd}}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.6 system-ui,sans-serif}
main{max-width:48rem;margin:0 auto;padding:1.5rem clamp(1rem,4vw,2.5rem) 5rem}
h1,h2,h3{line-height:1.25}h2{margin-top:2.5rem}
a{color:var(--act)}
img{max-width:100%;height:auto;border:1px solid var(--line);border-radius:.75rem}
table{border-collapse:collapse;display:block;overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem;border-top:1px solid var(--line)}
code{background:var(--card);padding:.1em .3em;border-radius:.25rem;overflow-wrap:anywhere}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
`;

/** As GitHub names them, so that the links of the table of contents lead somewhere here too. */
const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/<[^>]+>/g, '')
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const pageOf = (markdown: string): string => {
  const renderer = new marked.Renderer();
  renderer.heading = function ({ tokens, depth }) {
    const inner = this.parser.parseInline(tokens);
    return `<h${depth} id="${slug(inner)}">${inner}</h${depth}>\n`;
  };
  const body = marked.parse(markdown, { async: false, renderer });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>User guide – FZIP</title><link rel="icon" href="/favicon.svg" type="image/svg+xml"><link rel="stylesheet" href="/assets/guide.css"></head><body><main>${body.replaceAll(`src="${pictures}/`, 'src="/assets/guide-')}</main></body></html>`;
};

export const guide = (): Plugin => ({
  name: 'fzip-guide',
  generateBundle() {
    const markdown = readFileSync(path.join(docs, 'user-guide.md'), 'utf8');
    this.emitFile({ type: 'asset', fileName: 'guide.html', source: pageOf(markdown) });
    this.emitFile({ type: 'asset', fileName: 'assets/guide.css', source: style });
    for (const name of readdirSync(path.join(docs, pictures)))
      if (markdown.includes(`${pictures}/${name}`))
        this.emitFile({
          type: 'asset',
          fileName: `assets/guide-${name}`,
          source: readFileSync(path.join(docs, pictures, name)),
        });
  },
});
