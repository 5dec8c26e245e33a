/** Writes what the documents about the cloud take from its tables: `node scripts/cloud-docs.ts`. A test says when it is to be run again. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { functionNames } from '../packages/core/src/topology.ts';
import { alarms } from '../stacks/alarms.ts';
import { policyOf, type Resource, wildcards } from '../stacks/policy.ts';

const docs = join(import.meta.dirname, '../docs');

const code = (text: string): string => `\`${text}\``;

/** `table jobs`, `queue backup-collect`, `packages/staging/*`. */
const inWords = (resource: Resource): string => {
  if ('table' in resource) return `table ${resource.table}${resource.index ? ` by ${resource.index}` : ''}`;
  if ('bucket' in resource) return `bucket ${resource.bucket}`;
  if ('objects' in resource) return `objects ${resource.objects}/${resource.prefix}*`;
  if ('queue' in resource) return `queue ${resource.queue}`;
  if ('deadLetters' in resource) return `queue ${resource.deadLetters}-dlq`;
  if ('topic' in resource) return 'topic events';
  if ('logsOf' in resource) return 'its own log';
  if ('anything' in resource) return resource.anything;
  return resource.key === 'own' ? 'the key' : 'HouseF3’s key, if it has one';
};

const rights = (): string =>
  functionNames
    .map((name) => {
      const rows = policyOf(name).map(({ actions, resources, via }) => {
        const where = resources.map(inWords).join(', ');
        return `| ${actions.map(code).join(', ')} | ${where}${via ? `, through ${via.join(', ')} alone` : ''} |`;
      });
      return `### ${name}\n\n| may | on |\n|---|---|\n${rows.join('\n')}`;
    })
    .join('\n\n');

const reasons = (): string =>
  `| resource | why it ends with \`*\` |\n|---|---|\n${Object.entries(wildcards)
    .map(([resource, why]) => `| ${code(resource)} | ${why} |`)
    .join('\n')}`;

/** Those of each step once, with the step's name left open. */
const alarmTable = (): string => {
  const rows = new Map<string, string>();
  for (const { id, about, todo } of alarms(50)) {
    const step = /^(backup|restore|profile|analytics)-[a-z-]+-(dead-letters|dead-letters-waiting|oldest-message)$/.exec(
      id,
    );
    const crashes = /-crashes$/.test(id);
    const open = step ? `{step}-${step[2]}` : crashes ? '{function}-crashes' : id;
    const name = step ? id.slice(0, -`-${step[2]}`.length) : crashes ? id.slice(0, -'-crashes'.length) : '';
    const generic = (text: string) => (name === '' ? text : text.replaceAll(name, step ? 'the step' : 'the function'));
    const row = `| ${code(open)} | ${generic(about).replace(/more than \d+ minutes/, 'longer than twice its visibility')} | ${generic(todo)} |`;
    if (!rows.has(open) || row.length > (rows.get(open) ?? '').length) rows.set(open, row);
  }
  return `| alarm | what has happened | what to do |\n|---|---|---|\n${[...rows.values()].join('\n')}`;
};

const parts: Readonly<Record<string, () => string>> = { rights, reasons, alarms: alarmTable };

/** A document with its parts as the tables say they are. @throws Error for a part that nobody makes */
export const withParts = (document: string): string =>
  document.replace(
    /(<!-- made: (\w+) -->\n)[\s\S]*?(<!-- until here -->)/g,
    (_, begin: string, name: string, end: string) => {
      const make = parts[name];
      if (!make) throw new Error(`no part is called ${name}; there are ${Object.keys(parts).join(', ')}`);
      return `${begin}\n${make()}\n\n${end}`;
    },
  );

export const documents = ['security.md', 'operating.md'].map((name) => join(docs, name));

if (import.meta.main) {
  for (const file of documents) {
    await writeFile(file, withParts(await readFile(file, 'utf8')));
    console.log(`${file} written`);
  }
}
