/** One bucket in memory, with the links that a browser would follow. */
import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ObjectGone, type ObjectInfo, type ObjectStore } from '@fzip/core';

type StoredObject = ObjectInfo & { bytes: Buffer; modifiedAt: number };
type Unfinished = { key: string; uploadId: string; startedAt: number };

/** What following a presigned link gave. */
export type Answer = { status: number; headers: Readonly<Record<string, string>>; body: Buffer };

export type MemoryObjectStore = ObjectStore & {
  objects: ReadonlyMap<string, Readonly<StoredObject>>;
  /** Begins an upload that nobody ends, as a crash leaves it. */
  begin(key: string): Promise<string>;
  /** Follows a link of `presignGet`. */
  visit(url: string): Promise<Answer>;
  /** Sends a form of `presignPost`; the answer's status. */
  submit(url: string, fields: Readonly<Record<string, string>>, body: Buffer): Promise<number>;
};

/** The bucket has no versions: S3 then gives its objects this one. */
const onlyVersion = 'null';

/** Pieces in which a body is read, so that readers meet more than one. */
const pieceBytes = 64 * 1024;

type Bucket = {
  objects: Map<string, StoredObject>;
  uploads: Map<string, Unfinished>;
  /** Uploads ever begun: ids follow from it, so that a run can be repeated. */
  begun: number;
  clock: () => number;
};

/** `clock` in ms since epoch; links expire by it. */
export const memoryObjectStore = ({ clock = Date.now }: { clock?: () => number } = {}): MemoryObjectStore => {
  const bucket: Bucket = { objects: new Map(), uploads: new Map(), begun: 0, clock };
  const { objects } = bucket;
  return {
    ...writing(bucket),
    ...reading(bucket),
    ...links(bucket),
    objects,
    visit: async (url) => visit(objects, new URL(url), clock()),
    submit: async (url, fields, body) => {
      const status = postStatus(new URL(url), fields, body, clock());
      if (status === 204) store(bucket, fields.key ?? '', Buffer.from(body), fields['Content-Type']);
      return status;
    },
  };
};

const store = ({ objects, clock }: Bucket, key: string, bytes: Buffer, contentType: string | undefined): ObjectInfo => {
  const object: StoredObject = {
    size: bytes.length,
    etag: `"${hash('md5', bytes)}"`,
    ...(contentType === undefined ? {} : { contentType }),
    bytes,
    modifiedAt: clock(),
  };
  objects.set(key, object);
  return infoOf(object);
};

/** The object that is meant. @throws ObjectGone */
const present = (objects: ReadonlyMap<string, StoredObject>, key: string, etag?: string): StoredObject => {
  const object = objects.get(key);
  if (!object) throw new ObjectGone(key, 'missing');
  if (etag !== undefined && etag !== object.etag) throw new ObjectGone(key, 'changed');
  return object;
};

const begin = (bucket: Bucket, key: string): string => {
  bucket.begun += 1;
  const uploadId = `upload-${bucket.begun}`;
  bucket.uploads.set(uploadId, { key, uploadId, startedAt: bucket.clock() });
  return uploadId;
};

type Writing = 'begin' | 'put' | 'upload' | 'copy' | 'delete' | 'deleteVersion' | 'unfinished' | 'abort';

const writing = (bucket: Bucket): Pick<MemoryObjectStore, Writing> => ({
  begin: async (key) => begin(bucket, key),
  put: async (key, body, options) => store(bucket, key, Buffer.from(body), options?.contentType),
  upload: async (key, body, options) => {
    const uploadId = begin(bucket, key);
    try {
      return store(bucket, key, await collect(body), options?.contentType);
    } finally {
      bucket.uploads.delete(uploadId);
    }
  },
  copy: async (from, to, { etag }) => {
    const { bytes, contentType } = present(bucket.objects, from, etag);
    return store(bucket, to, bytes, contentType);
  },
  deleteVersion: async (key, versionId) => {
    if (versionId === onlyVersion) bucket.objects.delete(key);
  },
  delete: async (gone) => {
    for (const key of gone) bucket.objects.delete(key);
  },
  unfinished: async function* (prefix) {
    yield* [...bucket.uploads.values()].filter(({ key }) => key.startsWith(prefix));
  },
  abort: async (key, uploadId) => {
    if (bucket.uploads.get(uploadId)?.key === key) bucket.uploads.delete(uploadId);
  },
});

const reading = ({
  objects,
}: Bucket): Pick<ObjectStore, 'head' | 'read' | 'versions' | 'everyVersion' | 'list' | 'folders'> => {
  const keys = (prefix: string) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(byBytes);
  return {
    head: async (key) => {
      const object = objects.get(key);
      return object && infoOf(object);
    },
    read: async (key, { start = 0, end, etag } = {}) => {
      return Readable.from(pieces(present(objects, key, etag).bytes.subarray(start, end)));
    },
    versions: async function* (key) {
      const object = objects.get(key);
      if (object) yield { versionId: onlyVersion, modifiedAt: object.modifiedAt };
    },
    everyVersion: async function* (prefix) {
      for (const key of keys(prefix)) yield { key, versionId: onlyVersion };
    },
    list: async function* (prefix) {
      for (const key of keys(prefix)) {
        const object = objects.get(key);
        if (object) yield { key, size: object.size, modifiedAt: object.modifiedAt };
      }
    },
    folders: async function* (prefix) {
      const parts = keys(prefix).map((key) => key.slice(prefix.length).split('/'));
      yield* new Set(parts.flatMap(([folder, ...rest]) => (rest.length === 0 ? [] : [`${prefix}${folder}/`])));
    },
  };
};

const links = ({ clock }: Bucket): Pick<ObjectStore, 'presignGet' | 'presignPost'> => ({
  presignGet: async (key, { expiresInSeconds, fileName }) =>
    link(key, { until: clock() + expiresInSeconds * 1000, fileName }),
  presignPost: async (key, { expiresInSeconds, largestBytes, contentType }) => ({
    url: link(key, { until: clock() + expiresInSeconds * 1000, largestBytes, contentType }),
    fields: { key, 'Content-Type': contentType },
  }),
});

const infoOf = ({ size, etag, contentType }: ObjectInfo): ObjectInfo => ({
  size,
  etag,
  ...(contentType === undefined ? {} : { contentType }),
});

/** S3 lists keys by their UTF-8 bytes. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const collect = async (body: Readable): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer | string>) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks);
};

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += pieceBytes)
    yield Buffer.from(bytes.subarray(from, from + pieceBytes));
}

const link = (key: string, terms: Readonly<Record<string, string | number>>): string => {
  const url = new URL(`memory://bucket/${encodeURIComponent(key)}`);
  for (const [name, value] of Object.entries(terms)) url.searchParams.set(name, String(value));
  return url.href;
};
const keyOf = (url: URL): string => decodeURIComponent(url.pathname.slice(1));
const isOver = (url: URL, now: number): boolean => Number(url.searchParams.get('until')) < now;

const visit = (objects: ReadonlyMap<string, StoredObject>, url: URL, now: number): Answer => {
  if (isOver(url, now)) return { status: 403, headers: {}, body: Buffer.alloc(0) };
  const object = objects.get(keyOf(url));
  if (!object) return { status: 404, headers: {}, body: Buffer.alloc(0) };
  const name = encodeURIComponent(url.searchParams.get('fileName') ?? '');
  return {
    status: 200,
    headers: { 'content-disposition': `attachment; filename*=UTF-8''${name}` },
    body: Buffer.from(object.bytes),
  };
};

const postStatus = (url: URL, fields: Readonly<Record<string, string>>, body: Buffer, now: number): number => {
  const terms = url.searchParams;
  if (isOver(url, now) || fields.key !== keyOf(url)) return 403;
  if (fields['Content-Type'] !== terms.get('contentType')) return 403;
  return body.length >= 1 && body.length <= Number(terms.get('largestBytes')) ? 204 : 400;
};
