/** What an entry is, by its name. FORMAT.md, sections 1 and 3. */
import { dataEntry, type EntityKind, entityKinds } from './entities.ts';
import { PackageRefused } from './errors.ts';
import { manifestEntry } from './manifest.ts';

export type Role =
  | { is: 'manifest' }
  /** `gzip` stands for `data/{kind}.json.gz`, as HouseF3 writes it. */
  | { is: 'data'; kind: EntityKind; packing: 'plain' | 'gzip' }
  /** `byS3Key` stands for `files/{userId}/{fileId}/{name}`, where HouseF3's restore looks. */
  | { is: 'file'; fileId: string; byS3Key: boolean }
  | { is: 'folder' };

const longestName = 1024;
const kindByEntry = new Map<string, EntityKind>(entityKinds.map((kind) => [dataEntry(kind), kind]));
const gzipped = '.gz';
const litter = /(^|\/)(__MACOSX|\.DS_Store|Thumbs\.db|desktop\.ini)(\/|$)|(^|\/)\._/;

/** @throws PackageRefused BAD_ENTRY_NAME if no package may hold such a name, UNKNOWN_ENTRY if the layout has no place for it */
export const roleOf = (name: string): Role => {
  refuseBadName(name);
  if (name === manifestEntry) return { is: 'manifest' };
  const packing = name.endsWith(gzipped) ? 'gzip' : 'plain';
  const kind = kindByEntry.get(packing === 'gzip' ? name.slice(0, -gzipped.length) : name);
  if (kind !== undefined) return { is: 'data', kind, packing };
  if (/^(data|files|files\/[^/]+)\/$/.test(name)) return { is: 'folder' };
  const [, owner, fileId] = /^files\/(?:([^/]+)\/)?([^/]+)\/[^/]+$/.exec(name) ?? [];
  if (fileId !== undefined) return { is: 'file', fileId, byS3Key: owner !== undefined };
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
  if (segments.length > 4) refuse(`a depth of ${segments.length}`);
};

const unknownEntry = (name: string): string =>
  litter.test(name)
    ? 'left there by a file manager; remove it, or use the package as it was downloaded'
    : 'allowed are manifest.json, data/{kind}.json, data/{kind}.json.gz and files/{fileId}/{name}';
