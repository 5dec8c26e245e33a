/** Writes docs/events.md, docs/asyncapi.json and docs/metrics.md from the schemas and tables; with --check it only tells whether they are current. */
import { readFile, writeFile } from 'node:fs/promises';
import { asyncApi, eventsMarkdown } from '../src/events-document.ts';
import { metricsMarkdown } from '../src/metrics.ts';

const root = new URL('../../../', import.meta.url);
const documents = {
  'docs/asyncapi.json': `${JSON.stringify(asyncApi(), null, 2)}\n`,
  'docs/events.md': eventsMarkdown(),
  'docs/metrics.md': metricsMarkdown(),
};

for (const [name, text] of Object.entries(documents)) {
  const file = new URL(name, root);
  if (!process.argv.includes('--check')) {
    await writeFile(file, text);
    console.log(`${name} written`);
    continue;
  }
  const found = await readFile(file, 'utf8').catch(() => '');
  if (found !== text) {
    console.error(`${name} is stale; run: node packages/core/scripts/events.ts`);
    process.exitCode = 1;
  }
}
