/** Writes `test/refuses/` anew: every refused package, named by what the reader says of it. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { corpus } from '../test/corpus.ts';

const folder = fileURLToPath(new URL('../test/refuses/', import.meta.url));
const packages = await corpus();
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
for (const [name, zip] of packages) await writeFile(`${folder}${name}`, zip);
console.log(`${packages.size} refused packages`);
