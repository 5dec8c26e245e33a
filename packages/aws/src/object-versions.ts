/** The versions of an object in one S3 bucket. */
import { DeleteObjectCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { isMissing } from './s3-errors.ts';

type Bucket = { s3: S3Client; bucket: string };
type Place = { KeyMarker?: string; VersionIdMarker?: string };

/** Every version of one key and every delete marker. An object of an unversioned bucket is the version `null`. */
export async function* versions({ s3, bucket }: Bucket, key: string) {
  let from: Place | undefined = {};
  while (from) {
    const page: Awaited<ReturnType<typeof versionsPage>> = await versionsPage(s3, bucket, key, from);
    const entries = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    for (const { Key, VersionId, LastModified } of entries) {
      if (Key === key) yield { versionId: VersionId ?? 'null', modifiedAt: LastModified?.getTime() ?? 0 };
    }
    // S3 lists by key, and no key with this prefix comes before the key itself.
    const over = !page.IsTruncated || entries.some(({ Key }) => Key !== key);
    from = over ? undefined : nextPlace(page);
  }
}

/** Every version, and every delete marker, of every key under a prefix. */
export async function* everyVersion({ s3, bucket }: Bucket, prefix: string) {
  let from: Place | undefined = {};
  while (from) {
    const page: Awaited<ReturnType<typeof versionsPage>> = await versionsPage(s3, bucket, prefix, from);
    for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      if (Key !== undefined) yield { key: Key, versionId: VersionId ?? 'null' };
    }
    from = page.IsTruncated ? nextPlace(page) : undefined;
  }
}

type VersionsPage = { NextKeyMarker?: string | undefined; NextVersionIdMarker?: string | undefined };

const nextPlace = ({ NextKeyMarker, NextVersionIdMarker }: VersionsPage): Place => ({
  ...(NextKeyMarker && { KeyMarker: NextKeyMarker }),
  ...(NextVersionIdMarker && { VersionIdMarker: NextVersionIdMarker }),
});

const versionsPage = (s3: S3Client, bucket: string, prefix: string, from: Place) =>
  s3.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...from }));

export const deleteVersion = async ({ s3, bucket }: Bucket, key: string, versionId: string): Promise<void> => {
  try {
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
};
