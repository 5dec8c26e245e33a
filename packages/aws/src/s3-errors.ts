/** What S3's refusals mean. */
import { S3ServiceException } from '@aws-sdk/client-s3';

export const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

/** The object, version or upload is not there. A bucket that is not there is a mistake of ours. */
export const isMissing = (error: unknown): boolean =>
  statusOf(error) === 404 && (error as S3ServiceException).name !== 'NoSuchBucket';
