/** Reads a converted package back, before anybody is told that it is there. */
import { checkVolume } from '../check.ts';
import { entityKinds } from '../entities.ts';
import { PackageRefused, type RefusalCode } from '../errors.ts';
import type { Volume } from '../reader.ts';
import type { Converted } from './convert.ts';

/**
 * Every byte and row of what was written must be right, and as many as were written.
 * @throws PackageRefused
 */
export const proveConverted = async (
  volume: Volume,
  { counts, written }: Pick<Converted, 'counts' | 'written'>,
  onProgress?: (bytes: number) => void,
): Promise<void> => {
  const refuse = (code: RefusalCode, found: string): never => {
    throw new PackageRefused(code, `the new package was read back, and is not kept: ${found}`);
  };
  const check = await checkVolume(volume, onProgress ? { onProgress } : {});
  const [error] = check.errors;
  if (error) refuse(error.code, error.message);
  for (const kind of entityKinds) {
    const found = check.counts[kind];
    if (found !== counts[kind]) refuse('COUNT_MISMATCH', `${found} ${kind}; written were ${counts[kind]}`);
  }
  const { present, bytes } = check.files;
  if (present !== written.files || bytes !== written.fileBytes)
    refuse(
      'COUNT_MISMATCH',
      `${present} files of ${bytes} bytes; written were ${written.files} of ${written.fileBytes}`,
    );
};
