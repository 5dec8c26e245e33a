import { type Call, headerOf } from './call.ts';
import type { Version } from './catalog-versions.ts';
import { S3Error } from './errors.ts';

/** The four conditions of HTTP, as their headers were sent. */
export type Conditions = { match?: string; noneMatch?: string; modifiedSince?: string; unmodifiedSince?: string };

/** Reads them; of a copy's source with `prefix` `x-amz-copy-source-`. */
export const conditionsOf = (call: Call, prefix = ''): Conditions => {
  const found: Conditions = {};
  const names = {
    match: 'if-match',
    noneMatch: 'if-none-match',
    modifiedSince: 'if-modified-since',
    unmodifiedSince: 'if-unmodified-since',
  };
  for (const [name, header] of Object.entries(names) as [keyof Conditions, string][]) {
    const value = headerOf(call, prefix + header);
    if (value !== undefined) found[name] = value;
  }
  return found;
};

const names = (list: string, etag: string): boolean =>
  list.split(',').some((entry) => {
    const name = entry.trim();
    return name === '*' || name.replace(/^W\//, '').replace(/^"(.*)"$/, '$1') === etag;
  });

const failed = (condition: string): S3Error =>
  new S3Error('PreconditionFailed', `At least one of the pre-conditions you specified did not hold: ${condition}`);

/** Judges a read. If-Match rules out If-Unmodified-Since, and If-None-Match rules out If-Modified-Since, as in RFC 9110. */
export const checkRead = (conditions: Conditions, version: Version, copying = false): void => {
  const seconds = Math.floor(version.modified / 1000) * 1000;
  const unchanged = (): S3Error =>
    copying
      ? failed('x-amz-copy-source-if-none-match')
      : new S3Error('NotModified', 'Not Modified', { etag: `"${version.etag}"` });
  if (conditions.match !== undefined) {
    if (!names(conditions.match, version.etag)) throw failed('If-Match');
  } else if (conditions.unmodifiedSince !== undefined && seconds > Date.parse(conditions.unmodifiedSince)) {
    throw failed('If-Unmodified-Since');
  }
  if (conditions.noneMatch !== undefined) {
    if (names(conditions.noneMatch, version.etag)) throw unchanged();
  } else if (conditions.modifiedSince !== undefined && seconds <= Date.parse(conditions.modifiedSince))
    throw unchanged();
};

/** Judges a write against what is there now. `If-None-Match` knows only `*`; a delete marker counts as nothing. */
export const checkWrite = ({ match, noneMatch }: Conditions, current: Version | undefined): void => {
  const there = current && !current.marker ? current : undefined;
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*')
      throw new S3Error('NotImplemented', `If-None-Match is ${noneMatch.slice(0, 50)}; on a write only * is allowed.`);
    if (there) throw failed('If-None-Match');
  }
  if (match === undefined) return;
  if (!there) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  if (!names(match, there.etag)) throw failed('If-Match');
};
