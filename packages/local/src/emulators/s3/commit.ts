import type { Piece } from './catalog.ts';
import type { Bucket } from './catalog-buckets.ts';
import type { ObjectChecksum, ObjectHeaders, Version } from './catalog-versions.ts';
import { type Conditions, checkWrite } from './conditions.ts';
import { S3Error } from './errors.ts';
import { newId, type World } from './world.ts';

/** An object whose bytes are on disk and which nobody can see yet. */
export type Draft = {
  key: string;
  size: number;
  etag: string;
  headers: ObjectHeaders;
  checksum?: ObjectChecksum;
  pieces: readonly Piece[];
};

export type Committed = { version: Version; versioned: boolean };

/** Whether answers about this bucket's objects name their versions. */
export const isVersioned = (bucket: Bucket): boolean => bucket.versioning !== '';

const append = (
  world: World,
  bucket: Bucket,
  entry: Omit<Draft, 'pieces'> & { marker: boolean },
  pieces: readonly Piece[],
): { version: Version; left: string[] } => {
  const { versions } = world.catalog;
  const enabled = bucket.versioning === 'Enabled';
  const replaced = enabled ? undefined : versions.find(bucket.name, entry.key, 'null');
  const left = replaced ? versions.remove(replaced) : [];
  const draft = { ...entry, bucket: bucket.name, versionId: enabled ? newId() : 'null', modified: world.clock() };
  return { version: { ...draft, latest: true, seq: versions.insert(draft, pieces) }, left };
};

/** Where a commit comes from. With `upload`, the draft's pieces are parts of that upload, which ends with the commit. */
export type Cause = { event: string; requestId: string; conditions?: Conditions; upload?: string };

const endUpload = (world: World, upload: string | undefined, pieces: readonly Piece[]): string[] => {
  if (upload === undefined) return [];
  const used = new Set(pieces.map((piece) => piece.file));
  return world.catalog.uploads.remove(upload).filter((file) => !used.has(file));
};

/**
 * Makes a draft the latest version of its key, together with its notification: both or neither.
 * Throws PreconditionFailed or NoSuchKey if the conditions do not hold at this very moment; the draft's files are then
 * deleted, unless they belong to an upload.
 */
export const commitDraft = (world: World, bucketName: string, draft: Draft, cause: Cause): Committed => {
  const { pieces, ...entry } = draft;
  try {
    const { left, version, bucket } = world.catalog.transaction(() => {
      const bucket = world.catalog.buckets.find(bucketName);
      if (!bucket) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
      checkWrite(cause.conditions ?? {}, world.catalog.versions.latest(bucketName, draft.key));
      const { version, left } = append(world, bucket, { ...entry, marker: false }, pieces);
      world.notifier.record(bucket, version, { name: cause.event, requestId: cause.requestId });
      return { left: [...left, ...endUpload(world, cause.upload, pieces)], version, bucket };
    });
    world.bodies.discard(left);
    world.notifier.wake();
    return { version, versioned: isVersioned(bucket) };
  } catch (error) {
    if (cause.upload === undefined) world.bodies.discard(pieces.map((piece) => piece.file));
    throw error;
  }
};

/** What a delete did: the version that it removed, or the marker that it made. */
export type Deleted = { versionId?: string; marker?: boolean };

const removeVersion = (
  world: World,
  bucket: Bucket,
  version: Version,
): { left: string[]; version: Version; event: string; deleted: Deleted } => ({
  left: world.catalog.versions.remove(version),
  version,
  event: 'ObjectRemoved:Delete',
  deleted: version.marker
    ? { versionId: version.versionId, marker: true }
    : isVersioned(bucket)
      ? { versionId: version.versionId }
      : {},
});

/** Deletes as S3 does: a named version for good, else the object, or in a versioned bucket by a marker. What is not there is deleted already. */
export const deleteKey = (
  world: World,
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
  requestId: string,
  conditions: Conditions = {},
): Deleted => {
  const { versions } = world.catalog;
  const done = world.catalog.transaction(() => {
    const latest = versions.latest(bucket.name, key);
    if (conditions.match !== undefined) checkWrite(conditions, latest);
    if (versionId !== undefined || bucket.versioning === '') {
      const version = versions.find(bucket.name, key, versionId ?? 'null');
      const removed = version && removeVersion(world, bucket, version);
      if (removed) world.notifier.record(bucket, removed.version, { name: removed.event, requestId });
      return removed ?? { left: [], deleted: versionId === undefined ? {} : { versionId } };
    }
    const { version, left } = append(
      world,
      bucket,
      { key, size: 0, etag: '', headers: { system: {}, user: {} }, marker: true },
      [],
    );
    world.notifier.record(bucket, version, { name: 'ObjectRemoved:DeleteMarkerCreated', requestId });
    return { left, deleted: { versionId: version.versionId, marker: true } };
  });
  world.bodies.discard(done.left);
  world.notifier.wake();
  return done.deleted;
};
