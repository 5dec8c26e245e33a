/** Writes the JSON Schemas, and the sections of docs/package-format.md that follow from the code. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { filled } from './document.ts';
import { jsonSchemas } from './schemas.ts';

const folder = fileURLToPath(new URL('../schema/', import.meta.url));
const document = fileURLToPath(new URL('../../../docs/package-format.md', import.meta.url));

await mkdir(folder, { recursive: true });
for (const [file, schema] of jsonSchemas()) await writeFile(`${folder}${file}`, `${JSON.stringify(schema, null, 2)}\n`);
await writeFile(document, filled(await readFile(document, 'utf8')));
console.log(`${jsonSchemas().size} schemas, and the document`);
