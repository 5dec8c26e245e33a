/** Writes `test/refuses/` and `test/accepts/` anew: refused packages, named by what the reader says; accepted ones, by their edge. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { accepted, refused } from '../test/corpus.ts';

const write = async (name: string, packages: Iterable<[string, Buffer]>): Promise<void> => {
  const folder = fileURLToPath(new URL(`../test/${name}/`, import.meta.url));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [file, zip] of packages) await writeFile(`${folder}${file}`, zip);
};

const [no, yes] = [await refused(), await accepted()];
await write('refuses', no);
await write(
  'accepts',
  [...yes].map(([name, { zip }]) => [name, zip]),
);
console.log(`${no.size} refused packages, ${yes.size} accepted ones`);
