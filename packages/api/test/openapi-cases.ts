/** Hostile requests for every route, made from the OpenAPI document: whatever it names is sent wrong in every way there is. */
import { randomUUID } from 'node:crypto';

type Schema = {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
  example?: unknown;
};
type Parameter = { name: string; in: 'path' | 'query' | 'header' };
type Operation = {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: { 'application/json': { schema: Schema } } };
};
export type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** One request, and in words what is wrong with it. */
export type Case = { what: string; path: string; init: RequestInit };

/** @param ids what stands for each parameter of a path where it is not the thing that is wrong */
type Given = { document: Document; idOf: (operation: string, parameter: string) => string };

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
const json = { 'content-type': 'application/json' };

/** Texts that mean something to somebody: a path, a key of the table, a terminal, a template, a database. */
const texts = [
  '',
  ' ',
  '..',
  '../../etc/passwd',
  '%00',
  '\u0000',
  '\ud800',
  '\u202e',
  '𝒻𝓏𝒾𝓅'.repeat(10),
  'null',
  'undefined',
  'NaN',
  '__proto__',
  'constructor',
  'toString',
  "' OR 1=1 --",
  '{{7*7}}',
  '<script>',
  'chunk#1#1#backup-collect#accounts#0',
  'lock#ann',
  'x'.repeat(3_000),
  randomUUID().toUpperCase(),
];
const ids = [...texts, '%', '%E0%A4%A', '%c0%af', '%2e%2e%2f', '0', '-1', '1e999'];
const numbers = ['-1', '0', '1e999', '9007199254740993', '1.5', '0x10', 'NaN', 'Infinity', '--1', ''];

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const raw = [
  ...['null', 'true', 'false', '0', '-1', '1.5', '1e308', '-0', '9007199254740993', '[]', '{}', '[null]', '[[]]'],
  ...['{"a":{"b":{}}}', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":{}}}', '{"toJSON":1}', nested(5_000)],
  ...['["a","a"]', '[1]', '[{}]', `[${Array(200).fill('"a"').join()}]`, '{"length":1,"0":"a"}'],
  ...texts.map((text) => JSON.stringify(text)),
];
/** No JSON, or none that should be taken. */
const bodies: readonly (readonly [string, string | Buffer, Record<string, string>?])[] = [
  ['cut short', '{"a":'],
  ['of NaN', '{"expiresInHours": NaN}'],
  ['of Infinity', '{"expiresInHours": Infinity}'],
  ['with a comma too many', '{"a":1,}'],
  ['with single quotes', "{'a':1}"],
  ['with a comment', '{} // end'],
  ['twice', '{}{}'],
  ['behind a byte-order mark', '\ufeff{}'],
  ['very deep', nested(30_000)],
  ['very deep, of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['oversized', JSON.stringify({ description: 'x'.repeat(70_000) })],
  ['oversized, of space', ' '.repeat(70_000)],
  ['of bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ['in UTF-16', Buffer.from('{}', 'utf16le')],
  ['of nulls', Buffer.alloc(100)],
  ['of another type', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['of a form', '--x\r\n\r\n--x--', { 'content-type': 'multipart/form-data; boundary=x' }],
  ['of no type', '{}', { 'content-type': '' }],
  ['of a strange type', '{}', { 'content-type': 'application/json, text/html; charset=\u00ff' }],
  ['said to be compressed', '{}', { ...json, 'content-encoding': 'gzip' }],
  ['of every key twice', '{"description":"a","description":"b","mode":"deep","mode":"x","confirm":1,"confirm":"a"}'],
];

export function* casesOf({ document, idOf }: Given): Generator<Case> {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of methods) {
      const operation = operations[method];
      if (operation) yield* ofOperation({ document, idOf }, path, method.toUpperCase(), operation);
      else
        yield {
          what: 'a method that is not there',
          path: fill(path, () => randomUUID()),
          init: { method: method.toUpperCase() },
        };
    }
    yield { what: 'OPTIONS', path: fill(path, () => randomUUID()), init: { method: 'OPTIONS' } };
  }
}

const fill = (path: string, value: (name: string) => string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => value(name));

function* ofOperation({ document, idOf }: Given, path: string, method: string, operation: Operation): Generator<Case> {
  const { operationId, parameters = [], requestBody } = operation;
  const there = fill(path, (name) => idOf(operationId, name));
  const body = requestBody ? { body: '{}', headers: json } : {};
  yield { what: 'nothing wrong', path: there, init: { method, ...body } };
  for (const { name, in: where } of parameters) {
    if (where === 'path') {
      for (const id of ids) {
        const value = id.startsWith('%') ? id : encodeURIComponent(id.toWellFormed());
        const wrong = fill(path, (each) => (each === name ? value : idOf(operationId, each)));
        yield { what: `${name} is ${JSON.stringify(id)}`, path: wrong, init: { method, ...body } };
      }
    }
    if (where === 'query') {
      for (const value of [...numbers, ...texts.map((text) => text.toWellFormed())]) {
        const query = `${name}=${encodeURIComponent(value)}`;
        yield { what: `?${query}`, path: `${there}?${query}`, init: { method } };
      }
      yield { what: `${name} twice`, path: `${there}?${name}=1&${name}=2`, init: { method } };
      yield { what: `${name} as a list`, path: `${there}?${name}[]=1&${name}[a]=2`, init: { method } };
    }
    if (where === 'header') {
      for (const value of ['', ' ', 'k'.repeat(10_000), 'ü', 'a, b', '__proto__', '../x', '\t', '{}'])
        yield {
          what: `${name} is ${value}`,
          path: there,
          init: { method, ...body, headers: { ...json, [name]: value } },
        };
    }
  }
  yield {
    what: 'queries that nobody knows',
    path: `${there}?__proto__=1&%=&&=&%00=%ff&a[b][c]=1`,
    init: { method, ...body },
  };
  if (requestBody) yield* ofBody(document, there, method, requestBody.content['application/json'].schema);
}

function* ofBody(document: Document, path: string, method: string, given: Schema): Generator<Case> {
  const schema = resolve(document, given);
  const example = (schema.example ?? {}) as Record<string, unknown>;
  const send = (what: string, body: string | Buffer, headers: Record<string, string> = json): Case => ({
    what,
    path,
    init: { method, body: typeof body === 'string' ? body : new Uint8Array(body), headers },
  });
  yield send('no body', '');
  for (const text of raw) yield send(`the body is ${text.slice(0, 60)}`, text);
  for (const [what, body, headers = json] of bodies) yield send(`a body ${what}`, body, headers);
  for (const field of [...Object.keys(schema.properties ?? {}), '__proto__', 'userId', 'nobodyKnows']) {
    const others = Object.entries(example).filter(([name]) => name !== field);
    const rest = others.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
    if (field in example) yield send(`without ${field}`, `{${rest.join()}}`);
    for (const text of raw) {
      const body = `{${[...rest, `${JSON.stringify(field)}:${text}`].join()}}`;
      yield send(`${field} is ${text.slice(0, 60)}`, body);
    }
  }
}

const resolve = (document: Document, schema: Schema): Schema => {
  const name = schema.$ref?.slice('#/components/schemas/'.length);
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
};
