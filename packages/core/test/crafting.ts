/** Packages of the writer's own, honest but for one thing. */
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type EntityKind,
  entityKinds,
  formatRow,
  type Manifest,
  type Row,
  toPackageRow,
  writeVolume,
} from '@fzip/format';
import { sampleProfile } from '@fzip/sample';
import { editManifest, repack, unpack } from '../../format/test/packing.ts';

export type Rows = Record<EntityKind, Row[]>;
export type Lie = { rows?: (rows: Rows) => void; manifest?: (manifest: Manifest) => void; without?: EntityKind };

const honest = (): Rows => {
  const profile = sampleProfile({ userId: 'alice', transactions: 20, files: 2, seed: 3 });
  return Object.fromEntries(
    entityKinds.map((kind) => [kind, [...profile.rows(kind)].map((row) => toPackageRow(kind, row))]),
  ) as Rows;
};

/** A package of the writer's own, honest but for one thing. */
export const crafted = async (lie: Lie): Promise<Buffer> => {
  const rows = honest();
  lie.rows?.(rows);
  const files = [...sampleProfile({ userId: 'alice', transactions: 20, files: 2, seed: 3 }).files()];
  const sink = new PassThrough();
  const written = buffer(sink);
  const kinds = entityKinds.filter((kind) => kind !== lie.without);
  await writeVolume({
    sink,
    data: kinds.map((kind) => ({
      kind,
      lines: (async function* () {
        yield* rows[kind].map(formatRow);
      })(),
    })),
    files: (async function* () {
      for (const { fileId, s3Key, bytes } of files) {
        const body = bytes();
        yield { fileId, fileName: s3Key.split('/').at(-1) ?? '', size: body.length, body };
      }
    })(),
    manifest: ({ counts, checksums }) => {
      const manifest = {
        backup_format_version: '1.0',
        backup_timestamp: '2026-01-01T00:00:00.000Z',
        user_id: 'alice',
        data_summary: Object.fromEntries(entityKinds.map((kind) => [`${kind}_count`, counts[kind] ?? 0])),
        checksums: { ...checksums },
        known_defects: [],
        failed_files: [],
        volume: { number: 1, count: 1, set_id: 'x', set_summary: {} },
      } as unknown as Manifest;
      return manifest;
    },
  });
  const { manifest } = lie;
  if (!manifest) return written;
  // The writer refuses to write what no reader would take, so its manifest is changed afterwards.
  const entries = await unpack(await written);
  editManifest(entries, manifest);
  return repack(entries);
};
