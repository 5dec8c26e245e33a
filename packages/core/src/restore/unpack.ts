/** restore-unpack: runs the strict reader over the package, its rows in one piece, the bytes of each volume's files in another; stages the rows as chunks. */
import {
  checkFiles,
  checkPackage,
  createPreview,
  type EntityKind,
  entityKinds,
  type Finding,
  missingVolumes,
  OrderFreeDigest,
  oneSet,
  PackageRefused,
  type Row,
  shortText,
  sortKey,
  type Volume,
} from '@fzip/format';
import type { Job } from '../jobs.ts';
import { leased } from '../lease.ts';
import { finishPiece, records } from '../ledger.ts';
import type { RestoreUnpackMessage } from '../messages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { refuseRestore, standing } from '../settle.ts';
import { type Line, stageChunk } from '../staging.ts';
import { type Checked, concludeCheck } from './check.ts';
import { summaryOf } from './summary.ts';
import {
  Judged,
  noCounts,
  piecesOf,
  stagedScope,
  type Unpacked,
  unpackedOf,
  unpackedScope,
  unpackPieces,
} from './unpacked.ts';
import { holderOf, openUploads } from './uploads.ts';

/** How many findings a job keeps; all are counted. */
const kept = 100;
/** Files without bytes that are named one by one. */
const namedAtMost = 20;

type Outcome = Checked | 'unpacked';

export const unpack = async (ports: Ports, message: RestoreUnpackMessage): Promise<Outcome> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  if (job.status !== 'restore_validating') return 'out-of-order';
  const scope = unpackedScope(message);
  const { volume: piece } = message;
  const pieces = unpackPieces(job);
  if (piece >= pieces) return 'out-of-order';
  if (!(await ports.ledger.get(scope, piece))) {
    await leased(ports, scope, piece, async () =>
      ports.ledger.put(scope, piece, await (piece === 0 ? readPackage(ports, job) : readBytes(ports, job, piece - 1))),
    );
  }
  if (!(await finishPiece(ports.ledger, scope, piece, pieces))) return 'unpacked';
  const verdict = await verdictOf(ports, scope);
  if (verdict.errorCount > 0) return refuseRestore(ports, job, verdict);
  const unpacked = await unpackedOf(ports, job);
  if (piecesOf(unpacked).length === 0) return concludeCheck(ports, job, unpacked);
  await sendChecks(ports, job, unpacked);
  return 'unpacked';
};

/** What all pieces found. */
const verdictOf = async (ports: Ports, scope: LedgerScope): Promise<Judged> => {
  const all: Judged = { errors: [], errorCount: 0, errorsByCode: {}, warnings: [] };
  for await (const found of records(ports.ledger, scope, (record) => Judged.parse(record))) {
    all.errors.push(...found.errors.slice(0, kept - all.errors.length));
    all.warnings.push(...found.warnings.slice(0, kept - all.warnings.length));
    all.errorCount += found.errorCount;
    for (const [code, count] of Object.entries(found.errorsByCode))
      all.errorsByCode[code] = (all.errorsByCode[code] ?? 0) + count;
  }
  return all;
};

export const sendChecks = ({ queues }: Ports, { jobId, attempt, userId }: Job, unpacked: Unpacked): Promise<void> =>
  queues.send(
    'restore-check',
    piecesOf(unpacked).map(({ kind, chunk }, piece) => ({ jobId, attempt, piece, kind, chunk })),
    userId,
  );

/** Reads the bytes of one volume's files. That the volume cannot be opened is told by the piece that reads the rows of all. */
const readBytes = async (ports: Ports, job: Job, place: number): Promise<Judged> => {
  const fine = { errors: [], errorCount: 0, errorsByCode: {}, warnings: [] };
  try {
    const volume = (await openUploads(ports, job, [place])).get(place);
    if (!volume) throw new Error(`upload ${place + 1} of job ${job.jobId} is not open`);
    const { errors, errorCount, errorsByCode } = await checkFiles(volume, { maxErrors: kept });
    const { number, count } = volume.manifest.volume;
    const name = count > 1 ? `volume ${number}: ` : '';
    return { ...fine, errors: errors.map((finding) => name + inWords(finding)), errorCount, errorsByCode };
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    return fine;
  }
};

/** Reads all rows of the package once, those of all its volumes together. What is wrong with it is the answer; only a failed call is thrown. */
const readPackage = async (ports: Ports, job: Job): Promise<Unpacked> => {
  const { uploads = [] } = job;
  if (uploads.length === 0) throw new Error(`job ${job.jobId} has no upload`);
  try {
    const opened = await openUploads(ports, job);
    const volumes = oneSet([...opened].map(([place, volume]) => ({ name: `upload ${place + 1}`, volume })));
    requireAll(volumes.map(({ volume }) => volume));
    return await readVolumes(
      ports,
      job,
      opened,
      volumes.map(({ volume }) => volume),
    );
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    return refused({ code: error.code, message: error.message });
  }
};

/** @throws PackageRefused that says how to restore a set */
const requireAll = (volumes: readonly Volume[]): void => {
  const { numbers, count } = missingVolumes(volumes);
  const [first] = volumes;
  if (count === 0 || !first) return;
  const all = first.manifest.volume.count;
  const message = `volume ${numbers.join(', ')}${count > numbers.length ? ' and more' : ''} of ${all} is missing; upload all of them to a restore that is begun with "volumes": ${all}`;
  throw new PackageRefused('MISSING_VOLUME', message);
};

const readVolumes = async (
  ports: Ports,
  job: Job,
  opened: ReadonlyMap<number, Volume>,
  volumes: readonly Volume[],
): Promise<Unpacked> => {
  const stage = stager(ports, job, opened);
  const preview = createPreview(volumes);
  const found = await checkPackage(volumes, {
    maxErrors: kept,
    rowsOnly: true,
    onRow: (kind, { row, line }) => {
      preview.row(kind, row);
      return stage.row(kind, row, line);
    },
  });
  const isSet = volumes.length > 1;
  const parts = found.volumes.map((part, n) => ({ ...part, name: isSet ? `volume ${n + 1}: ` : '' }));
  const all = [...parts, ...(found.set ? [{ ...found.set, name: 'the set: ' }] : [])];
  const told = (which: 'errors' | 'warnings'): string[] =>
    all.flatMap((part) => part[which].map((finding) => part.name + inWords(finding))).slice(0, kept);
  if (!found.intact) {
    const errorsByCode: Unpacked['errorsByCode'] = {};
    for (const part of all)
      for (const [code, count] of Object.entries(part.errorsByCode))
        errorsByCode[code] = (errorsByCode[code] ?? 0) + count;
    const errorCount = all.reduce((sum, part) => sum + part.errorCount, 0);
    return { ...nothingOf(told('errors')), errorCount, errorsByCode, warnings: told('warnings') };
  }
  await stage.finish();
  const counts = found.set?.counts ?? parts[0]?.counts ?? noCounts();
  const bytes = (job.uploads ?? []).reduce((sum, { size }) => sum + size, 0);
  return {
    errors: [],
    errorCount: 0,
    errorsByCode: {},
    warnings: [...withoutBytes(volumes), ...told('warnings')].slice(0, kept),
    counts,
    chunks: stage.chunks,
    summary: summaryOf(preview.result(counts, true), bytes),
  };
};

/** Files that the package has no bytes of, as it says itself: their rows are restored, and their user has to know. */
const withoutBytes = (volumes: readonly Volume[]): string[] => {
  const failed = volumes.flatMap(({ manifest }) => manifest.failed_files);
  if (failed.length === 0) return [];
  const are = failed.length === 1 ? 'file is' : 'files are';
  const shown = failed
    .slice(0, namedAtMost)
    .map(({ fileId, fileName, reason }) => `${fileName} (${fileId}): ${reason}`);
  return [
    `${failed.length} ${are} restored without bytes: the package does not hold them`,
    ...shown.map((one) => shortText(`the bytes are missing of ${one}`)),
  ];
};

/** A finding with the row it is about and where that stands. */
const inWords = ({ message, id, path }: Finding): string => {
  const more = [id !== undefined && !message.includes(id) ? id : '', path ?? ''].filter((one) => one !== '');
  return shortText(more.length === 0 ? message : `${message} (${more.join(', ')})`);
};

const nothingOf = (errors: string[]): Omit<Unpacked, 'errorCount' | 'errorsByCode'> => ({
  errors,
  warnings: [],
  counts: noCounts(),
  chunks: noCounts(),
});

const refused = ({ code, message }: Pick<Finding, 'code' | 'message'>): Unpacked => ({
  ...nothingOf([message]),
  errorCount: 1,
  errorsByCode: { [code]: 1 },
});

/** Gathers rows into chunks, kind by kind as the reader gives them. The same package is cut the same way every time. */
const stager = (ports: Ports, job: Job, opened: ReadonlyMap<number, Volume>) => {
  const chunks = noCounts();
  const open = new Map<EntityKind, { lines: Line[]; bytes: number; fileBytes: number; holders: Set<number> }>();
  const flush = async (kind: EntityKind): Promise<void> => {
    const gathered = open.get(kind);
    if (!gathered || gathered.lines.length === 0) return;
    open.delete(kind);
    const n = chunks[kind];
    chunks[kind] += 1;
    const staged = await stageChunk(ports, job, { kind, name: `${n}` }, gathered.lines, new OrderFreeDigest());
    await ports.ledger.put(stagedScope(job, kind), n, { ...staged, holders: [...gathered.holders] });
  };
  const row = async (kind: EntityKind, found: Row, line: string): Promise<void> => {
    const gathered = open.get(kind) ?? { lines: [], bytes: 0, fileBytes: 0, holders: new Set<number>() };
    open.set(kind, gathered);
    gathered.lines.push({ line, row: found, at: sortKey(kind, found) });
    gathered.bytes += line.length;
    const { chunkRows, chunkFiles, chunkBytes, chunkFileBytes } = ports.limits;
    // A row of a file stands for the file's bytes as well: they are written with it.
    const isFile = kind === 'transaction_files';
    if (isFile && typeof found.fileSize === 'number') gathered.fileBytes += found.fileSize;
    const holder = isFile ? holderOf(opened, found) : undefined;
    if (holder) gathered.holders.add(holder.place);
    const full = gathered.lines.length >= (isFile ? Math.min(chunkFiles, chunkRows) : chunkRows);
    if (full || gathered.bytes >= chunkBytes || gathered.fileBytes >= chunkFileBytes) await flush(kind);
  };
  const finish = async (): Promise<void> => {
    for (const kind of entityKinds) await flush(kind);
  };
  return { row, finish, chunks };
};
