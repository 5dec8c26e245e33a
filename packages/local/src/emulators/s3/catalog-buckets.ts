import type { DatabaseSync } from 'node:sqlite';

/** Which events of which keys go to which queue. `events` are patterns as S3 writes them, `s3:ObjectCreated:*`. */
export type QueueRule = { id: string; queueArn: string; events: string[]; prefix: string; suffix: string };

export type Versioning = '' | 'Enabled' | 'Suspended';
export type Bucket = { name: string; created: number; versioning: Versioning; rules: QueueRule[] };

export type BucketTable = {
  find(name: string): Bucket | undefined;
  list(): Bucket[];
  save(bucket: Bucket): void;
  remove(name: string): void;
};

type Row = { name: string; created: number; versioning: Versioning; notifications: string };

const toBucket = (row: Row): Bucket => ({
  name: row.name,
  created: row.created,
  versioning: row.versioning,
  rules: JSON.parse(row.notifications) as QueueRule[],
});

/** Buckets are few and every request asks for one: they are kept in memory as well. */
export const bucketTable = (db: DatabaseSync): BucketTable => {
  const rows = db.prepare('SELECT * FROM buckets').all() as unknown as Row[];
  const known = new Map(rows.map((row) => [row.name, toBucket(row)]));
  const put = db.prepare(
    'INSERT OR REPLACE INTO buckets (name, created, versioning, notifications) VALUES (?, ?, ?, ?)',
  );
  const drop = db.prepare('DELETE FROM buckets WHERE name = ?');
  return {
    find: (name) => known.get(name),
    list: () => [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    save: (bucket) => {
      put.run(bucket.name, bucket.created, bucket.versioning, JSON.stringify(bucket.rules));
      known.set(bucket.name, bucket);
    },
    remove: (name) => {
      drop.run(name);
      known.delete(name);
    },
  };
};
