import { answerXml, type Call, integerOf } from './call.ts';
import type { Version } from './catalog-versions.ts';
import { S3Error } from './errors.ts';
import { bucketOf, isoTime, type Operation, type World } from './world.ts';
import { type XmlOut, xmlDocument } from './xml.ts';

/** Above every key that begins so: keys are UTF-8, and no character has a higher code. */
const above = (prefix: string): string => `${prefix}\u{10ffff}`;

type Cursor = { key: string; seq: number };
type Fetch = (after: Cursor, limit: number) => Version[];
type Page = { entries: ({ prefix: string } | { version: Version })[]; truncated: boolean; last: Cursor };

/** One page of a listing. A common prefix is one entry, and everything under it is leapt over. */
const pageOf = (fetch: Fetch, from: Cursor, prefix: string, delimiter: string, most: number): Page => {
  const page: Page = { entries: [], truncated: false, last: from };
  let cursor = from;
  for (;;) {
    const limit = most - page.entries.length + 1;
    const versions = fetch(cursor, limit);
    for (const version of versions) {
      const cut = delimiter === '' ? -1 : version.key.indexOf(delimiter, prefix.length);
      const common = cut < 0 ? undefined : version.key.slice(0, cut + delimiter.length);
      if (page.entries.length === most) return { ...page, truncated: most > 0 };
      page.entries.push(common === undefined ? { version } : { prefix: common });
      cursor = common === undefined ? { key: version.key, seq: version.seq } : { key: above(common), seq: 0 };
      page.last = cursor;
      if (common !== undefined) break;
    }
    const leapt = versions.length > 0 && cursor.key !== versions[versions.length - 1]?.key;
    if (!leapt && versions.length < limit) return page;
  }
};

const speller = (call: Call): ((text: string) => string) => {
  const encoding = call.query.get('encoding-type');
  if (encoding === undefined) return (text) => text;
  if (encoding !== 'url')
    throw new S3Error('InvalidArgument', `encoding-type is "${encoding.slice(0, 30)}"; allowed is url.`);
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
};

const tokenOf = (key: string): string => Buffer.from(key).toString('base64url');

const keyOfToken = (token: string): string => {
  const key = Buffer.from(token, 'base64url').toString();
  if (tokenOf(key) !== token) throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  return key;
};

const prefixesOf = (page: Page, spell: (text: string) => string): XmlOut[] =>
  page.entries.flatMap((entry): XmlOut[] =>
    'prefix' in entry ? [['CommonPrefixes', [['Prefix', spell(entry.prefix)]]]] : [],
  );

/** ListObjectsV2. */
export const listObjects: Operation = (world, call) => {
  const bucket = bucketOf(world, call);
  const spell = speller(call);
  const [prefix, delimiter] = [call.query.get('prefix') ?? '', call.query.get('delimiter') ?? ''];
  const most = integerOf(call, 'max-keys', 1000, 1000);
  const [token, startAfter] = [call.query.get('continuation-token'), call.query.get('start-after')];
  const from = { key: token === undefined ? (startAfter ?? '') : keyOfToken(token), seq: 0 };
  const fetch: Fetch = (after, limit) =>
    world.catalog.versions.listLatest(bucket.name, after.key, prefix, above(prefix), limit);
  const page = pageOf(fetch, from, prefix, delimiter, most);
  const contents = page.entries.flatMap((entry): XmlOut[] => {
    if ('prefix' in entry) return [];
    const { key, modified, etag, size } = entry.version;
    return [
      [
        'Contents',
        [
          ['Key', spell(key)],
          ['LastModified', isoTime(modified)],
          ['ETag', `"${etag}"`],
          ['Size', size],
          ['StorageClass', 'STANDARD'],
        ],
      ],
    ];
  });
  answerXml(
    call,
    xmlDocument('ListBucketResult', [
      ['Name', bucket.name],
      ['Prefix', spell(prefix)],
      ['Delimiter', delimiter === '' ? undefined : spell(delimiter)],
      ['MaxKeys', most],
      ['EncodingType', call.query.get('encoding-type')],
      ['StartAfter', startAfter === undefined ? undefined : spell(startAfter)],
      ['ContinuationToken', token],
      ['KeyCount', page.entries.length],
      ['IsTruncated', page.truncated],
      ['NextContinuationToken', page.truncated ? tokenOf(page.last.key) : undefined],
      ...contents,
      ...prefixesOf(page, spell),
    ]),
  );
};

const versionEntry = (version: Version, spell: (text: string) => string): XmlOut => {
  const common: XmlOut[] = [
    ['Key', spell(version.key)],
    ['VersionId', version.versionId],
    ['IsLatest', version.latest],
    ['LastModified', isoTime(version.modified)],
  ];
  if (version.marker) return ['DeleteMarker', common];
  return ['Version', [...common, ['ETag', `"${version.etag}"`], ['Size', version.size], ['StorageClass', 'STANDARD']]];
};

const versionCursor = (world: World, call: Call): Cursor => {
  const [key, versionId] = [call.query.get('key-marker') ?? '', call.query.get('version-id-marker') ?? ''];
  if (versionId === '') return { key, seq: 0 };
  const version = world.catalog.versions.find(call.bucket, key, versionId);
  if (!version) throw new S3Error('InvalidArgument', 'Invalid version id specified');
  return { key, seq: version.seq };
};

/** ListObjectVersions: versions and delete markers by key, newest first. */
export const listVersions: Operation = (world, call) => {
  const bucket = bucketOf(world, call);
  const spell = speller(call);
  const [prefix, delimiter] = [call.query.get('prefix') ?? '', call.query.get('delimiter') ?? ''];
  const most = integerOf(call, 'max-keys', 1000, 1000);
  const fetch: Fetch = (after, limit) =>
    world.catalog.versions.listAll(bucket.name, after.key, after.seq, prefix, above(prefix), limit);
  const page = pageOf(fetch, versionCursor(world, call), prefix, delimiter, most);
  const last = page.entries[page.entries.length - 1];
  const lastVersion = last && 'version' in last ? last.version.versionId : undefined;
  const versions = page.entries.flatMap((entry): XmlOut[] =>
    'prefix' in entry ? [] : [versionEntry(entry.version, spell)],
  );
  answerXml(
    call,
    xmlDocument('ListVersionsResult', [
      ['Name', bucket.name],
      ['Prefix', spell(prefix)],
      ['Delimiter', delimiter === '' ? undefined : spell(delimiter)],
      ['KeyMarker', spell(call.query.get('key-marker') ?? '')],
      ['VersionIdMarker', call.query.get('version-id-marker') ?? ''],
      ['MaxKeys', most],
      ['EncodingType', call.query.get('encoding-type')],
      ['IsTruncated', page.truncated],
      ['NextKeyMarker', page.truncated ? spell(page.last.key) : undefined],
      ['NextVersionIdMarker', page.truncated ? lastVersion : undefined],
      ...versions,
      ...prefixesOf(page, spell),
    ]),
  );
};
