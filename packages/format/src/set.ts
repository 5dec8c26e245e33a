/** Several volumes as one package: whether they belong together, and which of them are there. */
import { PackageRefused } from './errors.ts';
import type { Volume } from './reader.ts';

/** A volume and what its user calls it: a path, a URL, a key. */
export type Named = { name: string; volume: Pick<Volume, 'manifest' | 'dialect'> };

/** `volume 2 of 5 of the set "…"` */
export const volumeText = ({ manifest }: Pick<Volume, 'manifest'>): string => {
  const { number, count, set_id } = manifest.volume;
  return `volume ${number} of ${count} of the set "${set_id}"`;
};

/**
 * Volumes of one package, by number; some may be missing.
 * @throws PackageRefused WRONG_SET if they are of different packages, DUPLICATE_VOLUME if one was given twice
 */
export const oneSet = <T extends Named>(given: readonly T[]): T[] => {
  const [first, ...others] = given;
  if (!first) return [];
  for (const one of others) requireSameSet(first, one);
  const byNumber = new Map<number, T>();
  for (const one of given) {
    const { number } = one.volume.manifest.volume;
    const twin = byNumber.get(number);
    if (twin) {
      const message = `is ${volumeText(one.volume)}, and so is ${twin.name}; allowed is each volume once`;
      throw new PackageRefused('DUPLICATE_VOLUME', message, one.name);
    }
    byNumber.set(number, one);
  }
  return [...byNumber.values()].toSorted((a, b) => a.volume.manifest.volume.number - b.volume.manifest.volume.number);
};

const requireSameSet = (first: Named, other: Named): void => {
  const refuse = (message: string): never => {
    throw new PackageRefused('WRONG_SET', `${message}; allowed together are volumes of one set`, other.name);
  };
  const [a, b] = [first.volume.manifest, other.volume.manifest];
  if (b.volume.set_id === '' || b.volume.set_id !== a.volume.set_id || b.volume.count !== a.volume.count)
    refuse(`is ${volumeText(other.volume)}, ${first.name} is ${volumeText(first.volume)}`);
  if (b.user_id !== a.user_id) refuse(`is of the user "${b.user_id}", ${first.name} of "${a.user_id}"`);
  if (other.volume.dialect !== first.volume.dialect)
    refuse(`is of dialect ${other.volume.dialect}, ${first.name} of ${first.volume.dialect}`);
};

/** The numbers of the volumes that are missing of a set, at most `most` of them; `count` is that of all. */
export const missingVolumes = (
  given: readonly Pick<Volume, 'manifest'>[],
  most = 20,
): { numbers: number[]; count: number } => {
  const there = new Set(given.map(({ manifest }) => manifest.volume.number));
  const all = given[0]?.manifest.volume.count ?? 0;
  const numbers: number[] = [];
  for (let number = 1; number <= all && numbers.length < most; number += 1)
    if (!there.has(number)) numbers.push(number);
  return { numbers, count: all - there.size };
};
