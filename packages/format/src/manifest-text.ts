/** The manifest's text: JSON without a key given twice, in either dialect's spelling, as the one that our schema knows. */
import { type Finding, PackageRefused } from './errors.ts';
import { endOfText, levelsOf } from './json-text.ts';
import { DataSummary, Manifest, manifestEntry, Snapshot, VolumeOfSet } from './manifest.ts';
import type { Value } from './row.ts';
import { deepest, isWellFormed } from './row-limits.ts';

/** `fzip-1.0` spells the manifest's keys in snake_case, HouseF3's own packages in camelCase. */
export type Dialect = 'fzip-1.0' | 'housef3-2.5';

export type Json = { [key: string]: unknown };

/**
 * The manifest that some bytes are.
 * @param notes gets what is worth a warning
 * @throws PackageRefused BAD_MANIFEST or UNSUPPORTED_VERSION
 */
export const manifestFrom = (bytes: Uint8Array, notes: Finding[]): { manifest: Manifest; dialect: Dialect } => {
  const written = parseManifest(bytes);
  const dialect = dialectOf(written);
  const json = dialect === 'housef3-2.5' ? inSnakeCase(written) : written;
  requireVersion(json, notes);
  const result = Manifest.safeParse(json);
  if (result.success) {
    refuseTwoChecksums(result.data);
    return { manifest: result.data, dialect };
  }
  const [issue] = result.error.issues;
  throw new PackageRefused(
    'BAD_MANIFEST',
    [issue?.path.join('.'), issue?.message].filter(Boolean).join(': '),
    manifestEntry,
  );
};

/** A manifest of another major version may differ in anything, so this comes before its other fields. */
const requireVersion = (json: Json, notes: Finding[]): void => {
  const version = json.backup_format_version;
  if (typeof version !== 'string' || !/^\d+(\.\d+)*$/.test(version)) {
    throw new PackageRefused(
      'BAD_MANIFEST',
      `backup_format_version is ${JSON.stringify(version)}; allowed is "1.0"`,
      manifestEntry,
    );
  }
  const [major, minor = '0'] = version.split('.');
  if (Number(major) !== 1)
    throw new PackageRefused('UNSUPPORTED_VERSION', `version ${version}; allowed are 1.x`, manifestEntry);
  if (Number(minor) > 0) {
    notes.push({ code: 'UNSUPPORTED_VERSION', message: `version ${version} is newer than 1.0`, entry: manifestEntry });
  }
};

/** What the manifest states of each entry, as 64 hex digits in lower case. Keys with and without `data/` are read. */
export const checksumsOf = (manifest: Manifest): Map<string, string> => new Map(checksumPairs(manifest));

const checksumPairs = (manifest: Manifest): [entry: string, sha256: string][] =>
  Object.entries(manifest.checksums).map(([name, value]) => [
    name.includes('/') || name === manifestEntry ? name : `data/${name}`,
    value.slice('sha256:'.length).toLowerCase(),
  ]);

/** With and without `data/`, one entry may have two: readers differ in which one counts. */
const refuseTwoChecksums = (manifest: Manifest): void => {
  const seen = new Map<string, string>();
  for (const [entry, sha256] of checksumPairs(manifest)) {
    const other = seen.get(entry);
    if (other !== undefined && other !== sha256)
      throw new PackageRefused('BAD_MANIFEST', `${entry} has two checksums; allowed is one`, manifestEntry);
    seen.set(entry, sha256);
  }
};

/** @throws PackageRefused BAD_MANIFEST if the bytes are no JSON object, or give a key twice; TOO_DEEP, BAD_TEXT */
const parseManifest = (bytes: Uint8Array): Json => {
  const text = decode(bytes);
  if (text !== undefined && levelsOf(text) > deepest)
    throw new PackageRefused('TOO_DEEP', `more than ${deepest} levels; allowed are ${deepest}`, manifestEntry);
  const json = text === undefined ? undefined : parse(text);
  if (text === undefined || !isJson(json))
    throw new PackageRefused('BAD_MANIFEST', `${bytes.length} bytes that are no JSON object in UTF-8`, manifestEntry);
  const twice = keyGivenTwice(text);
  if (twice !== undefined)
    throw new PackageRefused('BAD_MANIFEST', `the key ${twice} is given twice; allowed is once`, manifestEntry);
  if (/\\ud[89a-f]/i.test(text) && !isWellFormed(json as Value))
    throw new PackageRefused('BAD_TEXT', 'a text with half a character; allowed is well-formed Unicode', manifestEntry);
  return json;
};

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message would quote the content.
    return undefined;
  }
};

/** The manifest as it is written: keys that we know in the dialect's spelling, all others as they are. */
export const manifestText = (manifest: Manifest, dialect: Dialect): string =>
  `${JSON.stringify(dialect === 'fzip-1.0' ? manifest : inCamelCase(manifest), null, 2)}\n`;

const inCamelCase = (manifest: Manifest): Json => {
  const root = camelCased(manifest, known.root);
  for (const part of ['data_summary', 'compatibility', 'snapshot'] as const) {
    const inner = manifest[part];
    if (inner !== undefined) root[camelCase(part)] = camelCased(inner, known[part]);
  }
  const { volume } = manifest;
  root.volume = {
    ...camelCased(volume, known.volume),
    setSummary: camelCased(volume.set_summary, known.data_summary),
  };
  // HouseF3's own manifests say it at the root as well.
  root.includeAnalytics ??= hasAnalytics(root.dataSummary);
  return root;
};

const hasAnalytics = (summary: unknown): boolean =>
  isJson(summary) && (summary.analyticsIncluded ?? summary.analytics_included) === true;

/** The parts of a manifest whose keys are spelled otherwise in the other dialect, by path. */
const parts = (manifest: Manifest): [path: string, part: Json | undefined, keys: ReadonlySet<string>][] => [
  ['', manifest, known.root],
  ['data_summary.', manifest.data_summary, known.data_summary],
  ['compatibility.', manifest.compatibility, known.compatibility],
  ['snapshot.', manifest.snapshot, known.snapshot],
  ['volume.', manifest.volume, known.volume],
  ['volume.set_summary.', manifest.volume.set_summary, known.data_summary],
];

/** The manifest without those unknown keys that in camelCase would be one of ours: `jobId` beside `job_id`. */
export const keysNotSpelled = (manifest: Manifest): { manifest: Manifest; notSpelled: string[] } => {
  const held = structuredClone(manifest);
  const notSpelled: string[] = [];
  for (const [path, part, keys] of parts(held)) {
    for (const key of Object.keys(part ?? {})) {
      if (keys.has(key) || !keys.has(snakeCase(key))) continue;
      notSpelled.push(path + key);
      delete part?.[key];
    }
  }
  return { manifest: held, notSpelled };
};

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const camelCased = (json: Json, keys: ReadonlySet<string>): Json =>
  Object.fromEntries(Object.entries(json).map(([key, value]) => [keys.has(key) ? camelCase(key) : key, value]));

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first key that an object of this JSON holds twice: readers differ in which one counts. */
const keyGivenTwice = (text: string): string | undefined => {
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (let at = 0; at < text.length; at += 1) {
    const found = text[at];
    if (found === '"') {
      const end = endOfText(text, at);
      last = text.slice(at, end + 1);
      at = end;
    } else if (found === '{') open.push(new Set());
    else if (found === '[') open.push(undefined);
    else if (found === '}' || found === ']') open.pop();
    else if (found === ':') {
      const keys = open.at(-1);
      // Escapes spell one key in several ways.
      const key = last.includes('\\') ? JSON.stringify(JSON.parse(last)) : last;
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
};

/** What the manifest's spelling says of the package. */
const dialectOf = (json: Json): Dialect =>
  Object.hasOwn(json, 'backupFormatVersion') && !Object.hasOwn(json, 'backup_format_version')
    ? 'housef3-2.5'
    : 'fzip-1.0';

const keysOf = (schema: { shape: object }): ReadonlySet<string> => new Set(Object.keys(schema.shape));

/** The keys that we know at the root, and within what stands there. */
const known = {
  root: keysOf(Manifest),
  data_summary: keysOf(DataSummary),
  compatibility: new Set(['minimum_version', 'supported_versions']),
  snapshot: keysOf(Snapshot),
  volume: keysOf(VolumeOfSet),
};

/**
 * The manifest with every key that we know in snake_case; null stands for absent. What we do not know stays as it is.
 * @throws PackageRefused BAD_MANIFEST if a key stands there in both spellings
 */
const inSnakeCase = (json: Json): Json => {
  const root = respell(json, known.root);
  for (const part of ['data_summary', 'compatibility', 'snapshot', 'volume'] as const) {
    const inner = root[part];
    if (isJson(inner)) root[part] = respell(inner, known[part]);
  }
  const { volume } = root;
  if (isJson(volume) && isJson(volume.set_summary))
    root.volume = { ...volume, set_summary: respell(volume.set_summary, known.data_summary) };
  // What is said twice is not a key of its own.
  if (root.includeAnalytics === hasAnalytics(root.data_summary)) delete root.includeAnalytics;
  return root;
};

const respell = (json: Json, keys: ReadonlySet<string>): Json => {
  const members = new Map<string, unknown>();
  for (const [key, value] of Object.entries(json)) {
    const isKnown = keys.has(snakeCase(key));
    if (isKnown && value === null) continue;
    const name = isKnown ? snakeCase(key) : key;
    if (members.has(name))
      throw new PackageRefused(
        'BAD_MANIFEST',
        `"${name}" stands there in two spellings; allowed is one`,
        manifestEntry,
      );
    members.set(name, value);
  }
  return Object.fromEntries(members);
};
