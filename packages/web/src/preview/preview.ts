/** What a package says of itself, read from the file alone before a byte of it is sent. */
import { PackageRefused } from '@fzip/format/errors';
import type { Manifest } from '@fzip/format/manifest';
import { manifestFrom } from '@fzip/format/manifest-text';
import { crc32, inflate } from './bytes.ts';
import { packedBytes, readDirectory } from './directory.ts';

/** As the server has it. */
const largestManifest = 32 * 2 ** 20;

export type VolumePreview = { file: File; manifest: Manifest; dialect: string; notes: string[] };

/** @throws PackageRefused for a file that is no package; what the browser fails with if the file cannot be read */
const previewOf = async (file: File): Promise<VolumePreview> => {
  const { manifest: entry } = await readDirectory(file);
  const packed = await packedBytes(file, entry);
  const bytes = await manifestBytes(packed, entry.method);
  if (bytes.length !== entry.size)
    throw new PackageRefused('SIZE_MISMATCH', `${bytes.length} bytes; ${entry.size} are stated`, 'manifest.json');
  if (crc32(bytes) !== entry.crc)
    throw new PackageRefused('BAD_CRC', 'its bytes are not as they were written', 'manifest.json');
  const notes: { message: string }[] = [];
  const { manifest, dialect } = manifestFrom(bytes, notes as Parameters<typeof manifestFrom>[1]);
  return { file, manifest, dialect, notes: notes.map(({ message }) => message) };
};

const manifestBytes = async (packed: Blob, method: number): Promise<Uint8Array> => {
  const tooLarge = () => new PackageRefused('TOO_LARGE', `more than ${largestManifest} bytes`, 'manifest.json');
  if (packed.size > largestManifest) throw tooLarge();
  if (method === 0) return new Uint8Array(await packed.arrayBuffer());
  if (method !== 8)
    throw new PackageRefused('UNSUPPORTED_METHOD', `method ${method}; this page reads 0 and 8`, 'manifest.json');
  const found = await inflate(packed, largestManifest).catch(() => {
    throw new PackageRefused('BAD_COMPRESSION', 'its compressed bytes are broken', 'manifest.json');
  });
  if (found.more) throw tooLarge();
  return found.bytes;
};

export type FileProblem = { name: string; code: string; message: string };
export type Chosen = { volumes: VolumePreview[]; problems: FileProblem[]; size: number };

const extension = /\.(fzip|zip)$/i;

/**
 * Looks at the files of one package, and whether they are one.
 * @param largest bytes of one upload
 */
export const lookAt = async (files: readonly File[], largest = 4.9e9): Promise<Chosen> => {
  const problems: FileProblem[] = [];
  const volumes: VolumePreview[] = [];
  for (const file of files) {
    const wrong = refusalOf(file, largest);
    if (wrong) {
      problems.push({ name: file.name, ...wrong });
      continue;
    }
    try {
      volumes.push(await previewOf(file));
    } catch (error) {
      const code = error instanceof PackageRefused ? error.code : 'NOT_READ';
      problems.push({ name: file.name, code, message: error instanceof Error ? error.message : String(error) });
    }
  }
  volumes.sort((a, b) => a.manifest.volume.number - b.manifest.volume.number);
  if (problems.length === 0) problems.push(...setProblems(volumes));
  return { volumes, problems, size: files.reduce((sum, { size }) => sum + size, 0) };
};

const refusalOf = ({ name, size }: File, largest: number): Omit<FileProblem, 'name'> | undefined => {
  if (!extension.test(name))
    return { code: 'NOT_A_ZIP', message: 'the name does not end in .fzip; allowed are .fzip and .zip' };
  if (size === 0) return { code: 'TRUNCATED', message: 'the file is empty' };
  if (size > largest) return { code: 'TOO_LARGE', message: `${size} bytes; one upload takes ${largest} at most` };
  return undefined;
};

const setProblems = (volumes: readonly VolumePreview[]): FileProblem[] => {
  const [first] = volumes;
  if (!first) return [];
  const { count, set_id: set } = first.manifest.volume;
  const problem = ({ file }: VolumePreview, code: string, message: string) => ({ name: file.name, code, message });
  const strangers = volumes.filter(({ manifest }) => manifest.volume.set_id !== set || manifest.volume.count !== count);
  if (strangers.length > 0)
    return strangers.map((volume) =>
      problem(volume, 'WRONG_SET', `belongs to another package than ${first.file.name}`),
    );
  const numbers = volumes.map(({ manifest }) => manifest.volume.number);
  const twice = volumes.filter(({ manifest }, index) => numbers.indexOf(manifest.volume.number) !== index);
  if (twice.length > 0)
    return twice.map((volume) =>
      problem(volume, 'DUPLICATE_VOLUME', `is volume ${volume.manifest.volume.number} a second time`),
    );
  const missing = Array.from({ length: Math.min(count, 100) }, (_, index) => index + 1).filter(
    (n) => !numbers.includes(n),
  );
  if (missing.length === 0) return [];
  return [problem(first, 'MISSING_VOLUME', `of ${count} volumes these are missing: ${missing.join(', ')}`)];
};
