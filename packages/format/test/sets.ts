/** Profiles written as sets of volumes. */
import {
  bufferSource,
  entityKinds,
  formatRow,
  type Manifest,
  oneSet,
  openVolume,
  type Volume,
  writeVolume,
} from '../src/index.ts';
import { eachKind, type Profile } from './arbitraries.ts';
import { failedFilesOf, filesOf, lines, manifestOf, memorySink } from './packing.ts';

/** The volumes of a profile: transactions and files dealt out in turn, all else in the first. */
export const packSet = async (
  profile: Profile,
  count: number,
  known_defects: (number: number) => Manifest['known_defects'] = () => [],
): Promise<Buffer[]> => {
  const set_summary = manifestOf({
    counts: eachKind((kind) => profile.rows[kind].length),
    checksums: {},
    files: 0,
    fileBytes: 0,
    dataBytes: 0,
  }).data_summary;
  const volumes: Buffer[] = [];
  for (let number = 1; number <= count; number += 1) {
    const isMine = (_: unknown, index: number): boolean => index % count === number - 1;
    const { sink, bytes } = memorySink();
    await writeVolume({
      sink,
      data: entityKinds
        .filter((kind) => number === 1 || kind === 'transactions')
        .map((kind) => {
          const rows = kind === 'transactions' ? profile.rows[kind].filter(isMine) : profile.rows[kind];
          return { kind, lines: lines(rows.map(formatRow)) };
        }),
      files: filesOf(
        profile.files.filter(isMine).map((file) => ({ ...file, size: file.bytes.length, body: file.bytes })),
      ),
      manifest: (soFar) =>
        manifestOf(soFar, {
          failed_files: number === 1 ? failedFilesOf(profile) : [],
          known_defects: known_defects(number),
          volume: { number, count, set_id: 'set-1', set_summary },
        }),
    });
    volumes.push(bytes());
  }
  return volumes;
};

export const openSet = async (zips: readonly Buffer[]): Promise<Volume[]> => {
  const opened: { name: string; volume: Volume }[] = [];
  for (const [index, zip] of zips.entries())
    opened.push({ name: `given ${index + 1}`, volume: await openVolume(bufferSource(zip)) });
  return oneSet(opened).map(({ volume }) => volume);
};
