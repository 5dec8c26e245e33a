import type { IConfiguration, IForbiddenRuleType } from 'dependency-cruiser';

/** Who may import whom: the table of docs/architecture.md, as rules. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  format: [],
  core: ['format'],
  aws: ['core', 'format'],
  api: ['core', 'format'],
  functions: ['core', 'api', 'aws'],
  sample: ['format'],
  // The operator's commands work on the job table and the queues; see the rule below.
  cli: ['format', 'api', 'local', 'core', 'aws'],
  local: ['core', 'format', 'aws', 'api', 'functions', 'sample'],
  testing: ['core', 'format'],
  web: ['api', 'format'],
};

/**
 * What of other packages runs in a browser: the client, and those parts of the format that need no Node. The preview of a file reads
 * its manifest as the server does.
 */
const inBrowsers = '^packages/(web/|api/src/client|format/src/(manifest-text|manifest|errors|advice)\\.ts$)';

const packageRules: IForbiddenRuleType[] = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `${name}-imports-${allowed.join('-') || 'nothing-of-ours'}`,
  severity: 'error',
  from: { path: `^packages/${name}/src/` },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}));

export const importRules: IConfiguration = {
  forbidden: [
    ...packageRules,
    {
      name: 'functions-reach-aws-through-one-file',
      severity: 'error',
      from: { path: '^packages/functions/src/', pathNot: '^packages/functions/src/binding\\.ts$' },
      to: { path: '^packages/aws/' },
    },
    {
      name: 'cli-reaches-core-and-aws-for-operators-alone',
      severity: 'error',
      from: { path: '^packages/cli/src/', pathNot: '^packages/cli/src/ops/' },
      to: { path: '^packages/(core|aws)/' },
    },
    {
      name: 'no-aws-in-format-core-api',
      severity: 'error',
      from: { path: '^packages/(format|core|api)/src/' },
      to: { path: 'node_modules/@aws-sdk/' },
    },
    {
      name: 'web-takes-what-runs-in-a-browser',
      severity: 'error',
      from: { path: '^packages/web/src/' },
      to: { path: '^packages/', pathNot: inBrowsers, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sources-never-import-tests',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/testing/' },
      to: { path: '(^packages/testing/|/test/|node_modules/vitest|node_modules/fast-check)' },
    },
    {
      // Evaluated by SST, which bundles them: the tables of the domain alone, none of its code.
      name: 'stacks-read-tables-alone',
      severity: 'error',
      from: { path: '^stacks/' },
      to: { pathNot: '^(stacks/|packages/core/src/(topology|stores|metrics|limits)\\.ts$)' },
    },
    {
      name: 'tables-import-nothing',
      severity: 'error',
      from: { path: '^packages/core/src/(topology|stores|metrics|limits)\\.ts$' },
      to: { path: '.' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'nothing-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
