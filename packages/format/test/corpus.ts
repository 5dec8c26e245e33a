/** The corpus: refused packages, each named by its verdict, and accepted ones, each named by what is unusual about it. `scripts/corpus.ts` writes it. */
import { bufferSource, checkVolume, openVolume, PackageRefused, type PackageSource } from '../src/index.ts';
import { type Accepted, acceptedPackages } from './corpus-accepted.ts';
import { refusedPackages } from './corpus-refused.ts';

/** What no file system of ours allows in a name, and what stands for it. */
const spelled: Readonly<Record<string, string>> = {
  '/': '∕',
  '\\': '⧵',
  ':': '∶',
  '"': '”',
  '<': '‹',
  '>': '›',
  '|': '¦',
  '?': '¿',
  '*': '∗',
};
const longestName = 200;

/** `CODE message.fzip`, cut where it is longer than a file system takes. */
export const corpusName = (verdict: string): string => {
  const safe = verdict.replace(/[/\\:"<>|?*]/g, (found) => spelled[found] ?? '_').replace(/\p{Cc}/gu, '_');
  let cut = safe;
  while (Buffer.byteLength(cut) > longestName) cut = [...cut].slice(0, -1).join('');
  return `${cut.trimEnd()}.fzip`;
};

/** The first thing that is wrong with a package, as `CODE message`; undefined if nothing is. */
export const verdictOn = async (source: PackageSource): Promise<string | undefined> => {
  try {
    const { errors } = await checkVolume(await openVolume(source));
    const [first] = errors;
    return first && `${first.code} ${first.message}`;
  } catch (error) {
    if (error instanceof PackageRefused) return `${error.code} ${error.message}`;
    throw error;
  }
};

/** Refused packages by file name. Where two are refused in the same words, the first one stands for both. */
export const refused = async (): Promise<Map<string, Buffer>> => {
  const made = new Map<string, Buffer>();
  for (const [n, zip] of refusedPackages().entries()) {
    const verdict = await verdictOn(bufferSource(zip));
    if (verdict === undefined) throw new Error(`package ${n} of the corpus is intact; allowed are refused ones`);
    const name = corpusName(verdict);
    if (!made.has(name)) made.set(name, zip);
  }
  return made;
};

/** Accepted packages by file name, with what is expected of each. */
export const accepted = async (): Promise<Map<string, Accepted>> => {
  const made = new Map<string, Accepted>();
  for (const one of await acceptedPackages()) {
    const name = corpusName(one.edge);
    if (made.has(name)) throw new Error(`two packages of the corpus are named "${name}"; allowed is one`);
    made.set(name, one);
  }
  return made;
};
