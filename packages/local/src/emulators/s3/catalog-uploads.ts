import type { DatabaseSync } from 'node:sqlite';
import type { ObjectHeaders } from './catalog-versions.ts';
import type { ChecksumAlgorithm } from './digests.ts';

export type Upload = {
  id: string;
  bucket: string;
  key: string;
  created: number;
  details: { headers: ObjectHeaders; algorithm?: ChecksumAlgorithm };
};

/** A part: `etag` is the hex MD5 of its bytes, `checksum` base64. */
export type Part = { number: number; file: string; size: number; etag: string; modified: number; checksum?: string };

export type UploadTable = {
  add(upload: Upload): void;
  find(id: string): Upload | undefined;
  /** Uploads of a bucket after that key and id, in order of key and id. */
  list(bucket: string, afterKey: string, afterId: string, prefix: string, limit: number): Upload[];
  /** Forgets upload and parts, and answers with the files of the parts. */
  remove(id: string): string[];
  /** Sets the part, and answers with the file that it replaced. */
  putPart(id: string, part: Part): string | undefined;
  part(id: string, number: number): Part | undefined;
  parts(id: string, after: number, limit: number): Part[];
};

type UploadRow = { id: string; bucket: string; key: string; created: number; details: string };
type PartRow = Omit<Part, 'checksum'> & { checksum: string | null };

const toUpload = (row: UploadRow): Upload => ({ ...row, details: JSON.parse(row.details) as Upload['details'] });
const toPart = ({ checksum, ...row }: PartRow): Part => (checksum === null ? row : { ...row, checksum });

export const uploadTable = (db: DatabaseSync): UploadTable => {
  const insert = db.prepare('INSERT INTO uploads (id, bucket, key, created, details) VALUES (?, ?, ?, ?, ?)');
  const one = db.prepare('SELECT * FROM uploads WHERE id = ?');
  const many = db.prepare(
    'SELECT * FROM uploads WHERE bucket = ? AND (key, id) > (?, ?) AND key >= ? AND key < ? ORDER BY key, id LIMIT ?',
  );
  const drop = db.prepare('DELETE FROM uploads WHERE id = ?');
  const files = db.prepare('SELECT file FROM parts WHERE upload = ?');
  const dropParts = db.prepare('DELETE FROM parts WHERE upload = ?');
  const setPart = db.prepare(
    'INSERT OR REPLACE INTO parts (upload, number, file, size, etag, modified, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const onePart = db.prepare('SELECT * FROM parts WHERE upload = ? AND number = ?');
  const manyParts = db.prepare('SELECT * FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?');
  const part = (id: string, number: number): Part | undefined => {
    const row = onePart.get(id, number) as PartRow | undefined;
    return row && toPart(row);
  };
  return {
    add: (upload) =>
      void insert.run(upload.id, upload.bucket, upload.key, upload.created, JSON.stringify(upload.details)),
    find: (id) => {
      const row = one.get(id) as UploadRow | undefined;
      return row && toUpload(row);
    },
    list: (bucket, afterKey, afterId, prefix, limit) =>
      (many.all(bucket, afterKey, afterId, prefix, `${prefix}\u{10ffff}`, limit) as unknown as UploadRow[]).map(
        toUpload,
      ),
    remove: (id) => {
      const left = files.all(id).map((row) => String(row.file));
      dropParts.run(id);
      drop.run(id);
      return left;
    },
    putPart: (id, { number, file, size, etag, modified, checksum }) => {
      const replaced = part(id, number)?.file;
      setPart.run(id, number, file, size, etag, modified, checksum ?? null);
      return replaced;
    },
    part,
    parts: (id, after, limit) => (manyParts.all(id, after, limit) as unknown as PartRow[]).map(toPart),
  };
};
