/** What an entry is, by its name. FORMAT.md, sections 1 and 3. */
import { dataEntry, type EntityKind, entityKinds } from './entities.ts';
import { PackageRefused } from './errors.ts';
import { manifestEntry } from './manifest.ts';

export type Role =
  | { is: 'manifest' }
  | { is: 'data'; kind: EntityKind }
  | { is: 'file'; fileId: string }
  | { is: 'folder' };

const longestName = 1024;
const kindByEntry = new Map<string, EntityKind>(entityKinds.map((kind) => [dataEntry(kind), kind]));
const litter = /(^|\/)(__MACOSX|\.DS_Store|Thumbs\.db|desktop\.ini)(\/|$)|(^|\/)\._/;

/** @throws PackageRefused BAD_ENTRY_NAME if no package may hold such a name, UNKNOWN_ENTRY if the layout has no place for it */
export const roleOf = (name: string): Role => {
  refuseBadName(name);
  if (name === manifestEntry) return { is: 'manifest' };
  const kind = kindByEntry.get(name);
  if (kind !== undefined) return { is: 'data', kind };
  if (/^(data|files|files\/[^/]+)\/$/.test(name)) return { is: 'folder' };
  const fileId = /^files\/([^/]+)\/[^/]+$/.exec(name)?.[1];
  if (fileId !== undefined) return { is: 'file', fileId };
  throw new PackageRefused('UNKNOWN_ENTRY', unknownEntry(name), name);
};

const refuseBadName = (name: string): void => {
  const refuse = (found: string): never => {
    throw new PackageRefused('BAD_ENTRY_NAME', `${found}; allowed are names of the layout`, JSON.stringify(name));
  };
  if (name === '') refuse('an empty name');
  if (Buffer.byteLength(name) > longestName) refuse(`a name of more than ${longestName} bytes`);
  if (/\p{Cc}/u.test(name)) refuse('a control character');
  if (name.includes('\\')) refuse('a backslash');
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) refuse('an absolute path');
  const segments = name.replace(/\/$/, '').split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    refuse('an empty, "." or ".." segment');
  if (segments.length > 3) refuse(`a depth of ${segments.length}`);
};

const unknownEntry = (name: string): string =>
  litter.test(name)
    ? 'left there by a file manager; remove it, or use the package as it was downloaded'
    : 'allowed are manifest.json, data/{kind}.json and files/{fileId}/{name}';
