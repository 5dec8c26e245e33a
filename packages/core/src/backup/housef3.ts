/** A validated package in the dialect that HouseF3 itself restores: made of the stored volumes, and read back before it counts. */
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import {
  type Converted,
  convertPackage,
  type Listed,
  openVolume,
  PackageRefused,
  proveConverted,
  type Volume,
} from '@fzip/format';
import * as z from 'zod';
import { Counts } from '../counts.ts';
import { type Job, StoredVolume } from '../jobs.ts';
import { leased } from '../lease.ts';
import { scopeOf } from '../ledger.ts';
import type { Work } from '../messages.ts';
import { objectSource } from '../object-source.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { standing } from '../settle.ts';
import { packagePrefix } from './package.ts';

/** What came of it: the package and what is to be told of it, or why there is none. */
export const InHousef3 = z.union([
  StoredVolume.extend({
    counts: Counts,
    checksums: z.record(z.string(), z.string()),
    /** What HouseF3's restore would do without, in words; the first hundred. */
    told: z.array(z.string()),
  }),
  z.object({ refused: z.string() }),
]);
export type InHousef3 = z.infer<typeof InHousef3>;

const scope = (work: Work): LedgerScope => scopeOf(work, 'backup-validate', 'housef3');

/** How many differences a report tells, and characters of each. */
const kept = { texts: 100, characters: 500 };

/** Makes it once: the put decides whose object counts. Undefined if the job was stopped meanwhile. */
export const inHousef3 = async (
  ports: Ports,
  job: Job,
  volumes: readonly StoredVolume[],
): Promise<InHousef3 | undefined> => {
  const known = await ports.ledger.get(scope(job), 0);
  if (known) return InHousef3.parse(known);
  return leased(ports, scope(job), 0, async () => {
    const made = await convert(ports, job, volumes);
    const still = await standing(ports, job);
    const counted = still.ok ? InHousef3.parse(await ports.ledger.put(scope(job), 0, made)) : undefined;
    const isCounted = counted !== undefined && 'key' in made && 'key' in counted && counted.key === made.key;
    if ('key' in made && !isCounted) await ports.packages.delete([made.key]);
    return counted;
  });
};

const convert = async (ports: Ports, job: Job, stored: readonly StoredVolume[]): Promise<InHousef3> => {
  const bytes = stored.reduce((sum, { size }) => sum + size, 0);
  const { housef3Bytes: allowed } = ports.limits;
  if (bytes > allowed) {
    return { refused: `the package has ${bytes} bytes; HouseF3 takes ${allowed} at most` };
  }
  const key = `${packagePrefix(job)}${job.attempt}/housef3-${ports.newId()}.fzip`;
  const sink = new PassThrough({ highWaterMark: 1024 * 1024 });
  // The upload may fail before anything is written, when nobody else listens yet.
  sink.on('error', () => undefined);
  const uploading = ports.packages.upload(key, sink, { contentType: 'application/zip' });
  uploading.catch((error) => sink.destroy(error));
  try {
    const volumes: Volume[] = [];
    for (const volume of stored) volumes.push(await openVolume(objectSource(ports.packages, volume.key, volume)));
    const converted = await convertPackage(volumes, { to: 'housef3-2.5', sink, folder: tmpdir() });
    const { size, etag } = await uploading;
    if (size !== converted.written.bytes) {
      throw new Error(`${key}: ${size} bytes are stored, ${converted.written.bytes} were written`);
    }
    await proveConverted(await openVolume(objectSource(ports.packages, key, { size, etag })), converted);
    const { written, counts, manifest } = converted;
    return {
      key,
      size,
      etag,
      sha256: written.sha256,
      counts,
      checksums: dataOf(manifest.checksums),
      told: inWords(converted),
    };
  } catch (error) {
    sink.destroy(error instanceof Error ? error : new Error(String(error)));
    await uploading.catch(() => undefined);
    await ports.packages.delete([key]);
    if (!(error instanceof PackageRefused)) throw error;
    return { refused: error.message };
  }
};

const dataOf = (checksums: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(checksums).filter(([name]) => name.startsWith('data/')));

const inWords = ({ notHeld, warnings }: Converted): string[] =>
  [...notHeld.map(oneInWords), ...warnings].slice(0, kept.texts).map((text) => text.slice(0, kept.characters));

/** `transactions: HouseF3's restore loses it (categories[].isManual, 3 rows)` */
const oneInWords = ({ kind, field, why, rows }: Listed): string => {
  const count = kind === 'manifest' ? [] : [`${rows} ${kind === 'files' ? 'files' : 'rows'}`];
  const about = [...(field === undefined ? [] : [field]), ...count].join(', ');
  return `${kind}: ${why}${about === '' ? '' : ` (${about})`}`;
};
