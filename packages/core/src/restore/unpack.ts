/** restore-unpack: runs the strict reader over the package and stages its rows as chunks. Nothing later reads the ZIP but for files' bytes. */
import {
  checkVolume,
  type EntityKind,
  entityKinds,
  type Finding,
  OrderFreeDigest,
  openVolume,
  PackageRefused,
  type Row,
  sortKey,
} from '@fzip/format';
import type { Job } from '../jobs.ts';
import { leased } from '../lease.ts';
import type { RestoreUnpackMessage } from '../messages.ts';
import { objectSource } from '../object-source.ts';
import type { Ports } from '../ports.ts';
import { refuseRestore, standing } from '../settle.ts';
import { type Line, stageChunk } from '../staging.ts';
import { type Checked, concludeCheck } from './check.ts';
import { noCounts, piecesOf, stagedScope, Unpacked, unpackedScope } from './unpacked.ts';

/** How many findings a job keeps; all are counted. */
const kept = 100;

type Outcome = Checked | 'unpacked';

export const unpack = async (ports: Ports, message: RestoreUnpackMessage): Promise<Outcome> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  if (job.status !== 'restore_validating') return 'out-of-order';
  const scope = unpackedScope(message);
  if (!(await ports.ledger.get(scope, 0))) {
    await leased(ports, scope, 0, async () => ports.ledger.put(scope, 0, await readPackage(ports, job)));
  }
  const unpacked = Unpacked.parse(await ports.ledger.get(scope, 0));
  if (unpacked.errorCount > 0) {
    return refuseRestore(ports, job, unpacked.errors, unpacked.errorCount, unpacked.warnings);
  }
  if (piecesOf(unpacked).length === 0) return concludeCheck(ports, job, unpacked);
  await sendChecks(ports, job, unpacked);
  return 'unpacked';
};

export const sendChecks = ({ queues }: Ports, { jobId, attempt, userId }: Job, unpacked: Unpacked): Promise<void> =>
  queues.send(
    'restore-check',
    piecesOf(unpacked).map(({ kind, chunk }, piece) => ({ jobId, attempt, piece, kind, chunk })),
    userId,
  );

/** Reads all of the package once. What is wrong with it is the answer; only a failed call is thrown. */
const readPackage = async (ports: Ports, job: Job): Promise<Unpacked> => {
  const { upload } = job;
  if (!upload) throw new Error(`job ${job.jobId} has no upload`);
  const stage = stager(ports, job);
  try {
    const volume = await openVolume(objectSource(ports.packages, upload.key, upload));
    const { number, count } = volume.manifest.volume;
    if (count > 1)
      return refused(`the package is volume ${number} of ${count}; only a package of one volume can be restored`);
    const found = await checkVolume(volume, { maxErrors: kept, onRow: stage.row });
    if (!found.intact) {
      return { ...refused(...found.errors.map(inWords)), errorCount: found.errorCount };
    }
    await stage.finish();
    return {
      errors: [],
      errorCount: 0,
      warnings: found.warnings.map(inWords).slice(0, kept),
      counts: found.counts,
      chunks: stage.chunks,
    };
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    return refused(error.message);
  }
};

/** A finding with the row it is about. */
const inWords = ({ message, id }: Finding): string =>
  id === undefined || message.includes(id) ? message : `${message} (${id})`;

const refused = (...errors: string[]): Unpacked => ({
  errors,
  errorCount: errors.length,
  warnings: [],
  counts: noCounts(),
  chunks: noCounts(),
});

/** Gathers rows into chunks, kind by kind as the reader gives them. The same package is cut the same way every time. */
const stager = (ports: Ports, job: Job) => {
  const chunks = noCounts();
  const open = new Map<EntityKind, { lines: Line[]; bytes: number; fileBytes: number }>();
  const flush = async (kind: EntityKind): Promise<void> => {
    const gathered = open.get(kind);
    if (!gathered || gathered.lines.length === 0) return;
    open.delete(kind);
    const n = chunks[kind];
    chunks[kind] += 1;
    const staged = await stageChunk(ports, job, { kind, name: `${n}` }, gathered.lines, new OrderFreeDigest());
    await ports.ledger.put(stagedScope(job, kind), n, staged);
  };
  const row = async (kind: EntityKind, found: Row, line: string): Promise<void> => {
    const gathered = open.get(kind) ?? { lines: [], bytes: 0, fileBytes: 0 };
    open.set(kind, gathered);
    gathered.lines.push({ line, row: found, at: sortKey(kind, found) });
    gathered.bytes += line.length;
    const { chunkRows, chunkFiles, chunkBytes, chunkFileBytes } = ports.limits;
    // A row of a file stands for the file's bytes as well: they are written with it.
    const isFile = kind === 'transaction_files';
    if (isFile && typeof found.fileSize === 'number') gathered.fileBytes += found.fileSize;
    const full = gathered.lines.length >= (isFile ? Math.min(chunkFiles, chunkRows) : chunkRows);
    if (full || gathered.bytes >= chunkBytes || gathered.fileBytes >= chunkFileBytes) await flush(kind);
  };
  const finish = async (): Promise<void> => {
    for (const kind of entityKinds) await flush(kind);
  };
  return { row, finish, chunks };
};
