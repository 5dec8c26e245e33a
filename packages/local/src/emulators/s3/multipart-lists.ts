import { answerXml, integerOf } from './call.ts';
import { checksumElement } from './digests.ts';
import { S3Error } from './errors.ts';
import { bucketOf, isoTime, type Operation } from './world.ts';
import { type XmlOut, xmlDocument } from './xml.ts';

/** ListParts. */
export const listParts: Operation = (world, call) => {
  bucketOf(world, call);
  const upload = world.catalog.uploads.find(call.query.get('uploadId') ?? '');
  if (!upload || upload.bucket !== call.bucket || upload.key !== call.key) {
    throw new S3Error('NoSuchUpload', 'The specified upload does not exist.');
  }
  const most = integerOf(call, 'max-parts', 1000, 1000);
  const after = integerOf(call, 'part-number-marker', 0, 10_000);
  const found = world.catalog.uploads.parts(upload.id, after, most + 1);
  const parts = found.slice(0, most);
  const { algorithm } = upload.details;
  const entries = parts.map(
    (part): XmlOut => [
      'Part',
      [
        ['PartNumber', part.number],
        ['LastModified', isoTime(part.modified)],
        ['ETag', `"${part.etag}"`],
        ['Size', part.size],
        ...(algorithm ? ([[checksumElement(algorithm), part.checksum]] as const) : []),
      ],
    ],
  );
  const head: XmlOut[] = [
    ['Bucket', upload.bucket],
    ['Key', upload.key],
    ['UploadId', upload.id],
    ['StorageClass', 'STANDARD'],
    ['PartNumberMarker', after],
    ['NextPartNumberMarker', parts[parts.length - 1]?.number ?? after],
    ['MaxParts', most],
    ['IsTruncated', found.length > most],
    ['ChecksumAlgorithm', algorithm],
  ];
  answerXml(call, xmlDocument('ListPartsResult', [...head, ...entries]));
};

/** ListMultipartUploads, without a delimiter. */
export const listUploads: Operation = (world, call) => {
  const bucket = bucketOf(world, call);
  if (call.query.get('delimiter'))
    throw new S3Error('NotImplemented', 'ListMultipartUploads with a delimiter is not supported.');
  const most = integerOf(call, 'max-uploads', 1000, 1000);
  const prefix = call.query.get('prefix') ?? '';
  const [keyMarker, idMarker] = [call.query.get('key-marker') ?? '', call.query.get('upload-id-marker') ?? ''];
  // Without an id marker the listing begins after all uploads of the key marker.
  const afterId = keyMarker !== '' && idMarker === '' ? '\u{10ffff}' : idMarker;
  const found = world.catalog.uploads.list(bucket.name, keyMarker, afterId, prefix, most + 1);
  const uploads = found.slice(0, most);
  const last = uploads[uploads.length - 1];
  const entries = uploads.map(
    (upload): XmlOut => [
      'Upload',
      [
        ['Key', upload.key],
        ['UploadId', upload.id],
        ['StorageClass', 'STANDARD'],
        ['Initiated', isoTime(upload.created)],
        ['ChecksumAlgorithm', upload.details.algorithm],
      ],
    ],
  );
  const truncated = found.length > most;
  const head: XmlOut[] = [
    ['Bucket', bucket.name],
    ['Prefix', prefix],
    ['KeyMarker', keyMarker],
    ['UploadIdMarker', idMarker],
    ['NextKeyMarker', truncated ? last?.key : undefined],
    ['NextUploadIdMarker', truncated ? last?.id : undefined],
    ['MaxUploads', most],
    ['IsTruncated', truncated],
  ];
  answerXml(call, xmlDocument('ListMultipartUploadsResult', [...head, ...entries]));
};
