import { S3Error } from './errors.ts';

/** An element to write: its name, and its text or its children. Undefined content leaves the element out. */
export type XmlOut = readonly [name: string, content: string | number | boolean | undefined | readonly XmlOut[]];

/** An element that was read. Attributes are not kept: no request of S3 has any that matter. */
export type XmlIn = { name: string; text: string; children: XmlIn[] };

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const escapeText = (text: string): string =>
  text
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold them, and XML wants them as references
    .replace(/[\u0000-\u001f]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`);

const write = ([name, content]: XmlOut): string => {
  if (content === undefined) return '';
  const inner = typeof content === 'object' ? content.map(write).join('') : escapeText(String(content));
  return `<${name}>${inner}</${name}>`;
};

/** A whole document in S3's namespace. */
export const xmlDocument = (name: string, children: readonly XmlOut[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${children
    .map(write)
    .join('')}</${name}>`;

/** The document of a refusal, which has no namespace. */
export const xmlError = (children: readonly XmlOut[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${children.map(write).join('')}</Error>`;

const decodeText = (text: string): string =>
  text.replace(/&(#x[0-9a-f]+|#[0-9]+|[a-z]+);/gi, (whole, body: string) => {
    if (!body.startsWith('#')) return named[body] ?? whole;
    const code = /^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

const malformed = (): S3Error =>
  new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate against our schema.');

const token = /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<\/([^\s>]+)\s*>|<([^\s/>!?]+)[^>]*?(\/?)>|([^<]+)/gy;

/** Reads a request's XML. Throws MalformedXML; a document type is malformed too, so no entity can be declared. */
export const parseXml = (source: string): XmlIn => {
  const top: XmlIn = { name: '', text: '', children: [] };
  const open = [top];
  token.lastIndex = 0;
  let end = 0;
  for (let match = token.exec(source); match; match = token.exec(source)) {
    end = token.lastIndex;
    const [, closed, opened, empty, text] = match;
    const current = open[open.length - 1] ?? top;
    if (text !== undefined) current.text += decodeText(text);
    else if (opened !== undefined) {
      const element: XmlIn = { name: opened, text: '', children: [] };
      current.children.push(element);
      if (!empty) open.push(element);
    } else if (closed !== undefined && (open.length < 2 || open.pop()?.name !== closed)) throw malformed();
  }
  const root = top.children[0];
  if (end !== source.length || open.length !== 1 || !root || top.children.length > 1) throw malformed();
  return root;
};

/** The children of that name. */
export const childrenOf = (element: XmlIn, name: string): XmlIn[] =>
  element.children.filter((child) => child.name === name);

/** The text of the first child of that name. */
export const textOf = (element: XmlIn, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text;
