/** backup-package: streams what was collected into one volume and stores it under a key of its own. */
import { PassThrough } from 'node:stream';
import {
  type DataSource,
  DefectLedger,
  type EntityKind,
  entityKinds,
  FileBroke,
  idOf,
  type Manifest,
  plainCheck,
  type Row,
  type Written,
  writeVolume,
} from '@fzip/format';
import * as z from 'zod';
import { type Job, StoredVolume } from '../jobs.ts';
import { leased } from '../lease.ts';
import { finishPiece, scopeOf } from '../ledger.ts';
import type { BackupPackageMessage, Work } from '../messages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { reporter } from '../progress.ts';
import { type Idle, standing } from '../settle.ts';
import type { ChunkRecord, Line } from '../staging.ts';
import { type Collected, collectedOf, kindsOf } from './collected.ts';
import { type FailedFile, openFiles } from './files.ts';
import { inOrder, rowsInOrder } from './in-order.ts';
import { manifestOf } from './manifest.ts';
import { type Plan, planOf, runsIn, type VolumePlan } from './plan.ts';

export const packagesPrefix = 'packages/';
export const packagePrefix = (job: Pick<Job, 'userId' | 'jobId'>): string =>
  `${packagesPrefix}${job.userId}/${job.jobId}/`;
/** The job whose prefix a key has; no job's id if it has none. */
export const jobOfPackage = (key: string): string => key.split('/')[2] ?? '';

export const VolumeRecord = StoredVolume.extend({
  dataBytes: z.number(),
  fileBytes: z.number(),
  files: z.int(),
  failed: z.int(),
});
export type VolumeRecord = z.infer<typeof VolumeRecord>;

export const volumeScope = (work: Work): LedgerScope => scopeOf(work, 'backup-package', 'volume');

type Outcome = Idle | 'packaged';

export const packageVolume = async (ports: Ports, message: BackupPackageMessage): Promise<Outcome> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  const plan = await planOf(ports, job);
  const n = message.volume - 1;
  const volume = plan.volumes[n];
  if (!volume) throw new Error(`job ${job.jobId} has ${plan.volumes.length} volumes, asked for is ${message.volume}`);
  const scope = volumeScope(message);
  if (!(await ports.ledger.get(scope, n))) {
    const outcome = await leased(ports, scope, n, async () => {
      const built = await build(ports, job, plan, volume, message.volume);
      if (built === undefined) return 'stopping';
      // Deleted or canceled while it was built: nobody else would know of this object.
      const still = await standing(ports, message);
      const counted = still.ok ? await ports.ledger.put(scope, n, built) : undefined;
      if (counted?.key !== built.key) await ports.packages.delete([built.key]);
      return still.ok ? 'packaged' : still.outcome;
    });
    if (outcome !== 'packaged') return outcome;
  }
  if (await finishPiece(ports.ledger, scope, n, plan.volumes.length)) await sendValidates(ports, job, plan);
  return 'packaged';
};

export const sendValidates = (ports: Ports, job: Job, plan: Plan): Promise<void> =>
  ports.queues.send(
    'backup-validate',
    plan.volumes.map((_, index) => ({ jobId: job.jobId, attempt: job.attempt, volume: index + 1 })),
    job.userId,
  );

/** Builds the volume until no file breaks in the middle: an entry once begun cannot be withdrawn. Undefined if the job was stopped. */
const build = async (
  ports: Ports,
  job: Job,
  plan: Plan,
  volume: VolumePlan,
  number: number,
): Promise<VolumeRecord | undefined> => {
  const broken = new Map<string, string>();
  const kinds = kindsOf(job);
  const collected = new Map<EntityKind, Collected>();
  for (const kind of kinds) collected.set(kind, await collectedOf(ports, job, kind));
  for (;;) {
    const stop = watch(ports, job);
    try {
      return await buildOnce(ports, job, { plan, volume, number, collected, broken, ...stop });
    } catch (error) {
      if (stop.signal.aborted) return undefined;
      if (!(error instanceof FileBroke)) throw error;
      broken.set(error.fileId, `broke off while it was read: ${String(error.cause)}`);
    }
  }
};

type Building = {
  plan: Plan;
  volume: VolumePlan;
  number: number;
  collected: ReadonlyMap<EntityKind, Collected>;
  broken: ReadonlyMap<string, string>;
  signal: AbortSignal;
  look(): void;
};

const buildOnce = async (ports: Ports, job: Job, building: Building): Promise<VolumeRecord> => {
  const { plan, volume, number, collected, signal } = building;
  const defects = new DefectLedger();
  const failed: FailedFile[] = [];
  const ids = await idsOf(ports, collected);
  const total = plan.volumes.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = reporter(ports, job, { step: 'package', piece: number, total });
  // Only of transactions is every row alike to whoever packages them: categories are looked at all together.
  const isPlain = (kind: EntityKind) => (chunk: ChunkRecord) => kind === 'transactions' && refersTo(chunk, ids);
  const linesOf = async function* (kind: EntityKind, rows: AsyncIterable<Line | Buffer>) {
    const isPlainRow = plainCheck(kind);
    for await (const one of rows) {
      if (Buffer.isBuffer(one)) yield one;
      else {
        defects.add(kind, one.row, ids, isPlainRow(one.row, one.line));
        yield one.line;
      }
    }
  };
  const data: DataSource[] = [...collected].flatMap(([kind, { chunks }]) => {
    const mine = runsIn(volume, number, kind, chunks);
    // Every volume may hold transactions; the rest of the data stands in the first alone.
    if (kind !== 'transactions' && number > 1) return [];
    return [{ kind, lines: linesOf(kind, inOrder(ports, kind, mine, isPlain(kind))) }];
  });
  const files = openFiles(ports, job.userId, fileRows(ports, building), building.broken, (file) => failed.push(file));
  const manifest = (soFar: Omit<Written, 'bytes' | 'sha256'>): Manifest => {
    if (defects.overflowed)
      throw new Error('the profile has more than 10 000 kinds of defects; a package states no more');
    return manifestOf(job, { soFar, collected, failed, defects: defects.list(), volume: number, plan });
  };
  const sink = new PassThrough({ highWaterMark: 1024 * 1024 });
  const key = `${packagePrefix(job)}${job.attempt}/volume-${String(number).padStart(3, '0')}-${ports.newId()}.fzip`;
  const onProgress = (bytes: number) => {
    building.look();
    void progress.at(bytes).catch(() => undefined);
  };
  const uploading = ports.packages.upload(key, sink, { contentType: 'application/zip' });
  uploading.catch((error) => sink.destroy(error));
  try {
    const written = await writeVolume({ sink, data, files, manifest, onProgress, signal });
    const { size, etag } = await uploading;
    if (size !== written.bytes) throw new Error(`${key}: ${size} bytes are stored, ${written.bytes} were written`);
    await progress.finish(volume.bytes);
    const { sha256, dataBytes, fileBytes } = written;
    return { key, size, etag, sha256, dataBytes, fileBytes, files: written.files, failed: failed.length };
  } catch (error) {
    sink.destroy(error instanceof Error ? error : new Error(String(error)));
    await uploading.catch(() => undefined);
    throw error;
  }
};

/** The rows of the files whose bytes this volume holds. */
async function* fileRows(ports: Ports, { collected, volume }: Building): AsyncGenerator<Row> {
  const { from, to } = volume.files;
  let n = 0;
  if (to === from) return;
  for await (const { row } of rowsInOrder(
    ports,
    'transaction_files',
    collected.get('transaction_files')?.chunks ?? [],
  )) {
    if (n >= to) return;
    if (n >= from) yield row;
    n += 1;
  }
}

/** The ids that rows may refer to: of every kind but transactions, which nothing refers to. */
const idsOf = async (ports: Ports, collected: ReadonlyMap<EntityKind, Collected>) => {
  const ids = new Map<EntityKind, Set<string>>();
  for (const [kind, { chunks }] of collected) {
    if (kind === 'transactions' || kind === 'analytics') continue;
    const found = new Set<string>();
    for await (const { row } of rowsInOrder(ports, kind, chunks)) found.add(idOf(kind, row) ?? '');
    ids.set(kind, found);
  }
  return { has: (kind: EntityKind, id: string): boolean => ids.get(kind)?.has(id) ?? false };
};

/** True if nothing is odd about a chunk's rows and all that they refer to is there. */
const refersTo = ({ plain }: ChunkRecord, ids: { has(kind: EntityKind, id: string): boolean }): boolean =>
  plain !== undefined && entityKinds.every((kind) => (plain[kind] ?? []).every((id) => ids.has(kind, id)));

/** Looks every few seconds whether the job still wants to be built, and stops the writing if not. */
const watch = (ports: Ports, job: Job): { signal: AbortSignal; look(): void } => {
  const controller = new AbortController();
  let looked = ports.clock();
  const look = () => {
    if (ports.clock() - looked < 2_000) return;
    looked = ports.clock();
    standing(ports, job).then(
      (at) => at.ok || controller.abort(),
      () => undefined,
    );
  };
  return { signal: controller.signal, look };
};
