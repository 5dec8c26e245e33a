/** Writes `openapi.json` beside `src`. With `--check`: fails if the file is not what the routes say. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { openapiDocument } from '../src/openapi.ts';

const file = fileURLToPath(new URL('../openapi.json', import.meta.url));
const wanted = JSON.stringify(openapiDocument());

/** As the linter wants it, so that a fresh file passes. */
const format = () => {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  execFileSync(process.execPath, [biome, 'format', '--write', file], { stdio: ['ignore', 'ignore', 'inherit'] });
};

if (!process.argv.includes('--check')) {
  writeFileSync(file, wanted);
  format();
} else if (!isDeepStrictEqual(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(wanted))) {
  console.error('packages/api/openapi.json is stale. Run: node packages/api/scripts/openapi.ts');
  process.exitCode = 1;
}
