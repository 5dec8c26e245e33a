/** Checks who imports whom, by import-rules.ts. Fails too if it looked at nothing. */
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { importRules } from './import-rules.ts';

const { output } = await cruise(['packages', 'stacks'], {
  ruleSet: importRules,
  validate: true,
  ...importRules.options,
});
const { summary, modules } = output as ICruiseResult;

// A compiler that the cruiser cannot use makes it see no module, and find no fault with any.
const ours = modules.filter(({ source }) => /^(packages\/[^/]+\/src|stacks)\/.*\.ts$/.test(source));
const withDependencies = ours.filter(({ dependencies }) => dependencies.length > 0);
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
console.log(`${ours.length} modules, ${summary.violations.length} forbidden imports`);
if (summary.violations.length > 0 || withDependencies.length === 0) {
  if (withDependencies.length === 0) console.error('no module with an import was seen: the check itself is broken');
  process.exit(1);
}
