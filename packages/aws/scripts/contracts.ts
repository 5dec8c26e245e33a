/**
 * `npm run test:contracts`: the contract suites of every port with the AWS adapters, on the embedded runtime or on whatever endpoint is
 * named. What is made there begins with a prefix of its own and is removed at the end, come what may.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Asked, help, parse, UsageError } from './contracts/arguments.ts';
import { addressOf, unanswering } from './contracts/reach.ts';
import { removeAll } from './contracts/remove.ts';
import { contractsVariable } from './contracts/variable.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
/** What a test and the making of its resources may take elsewhere, in ms: a table of the cloud takes half a minute. */
const patience = 600_000;

const runSuites = async ({ only }: Asked, env: NodeJS.ProcessEnv): Promise<number> => {
  const files = only.map((name) => `packages/aws/test/${name}.test.ts`);
  const child = spawn(process.execPath, [vitest, 'run', '--project=packages', ...files], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? (signal === 'SIGINT' ? 130 : 1);
};

const runElsewhere = async (asked: Asked): Promise<number> => {
  const { region, prefix } = asked;
  // The SDK reads these by itself, in this process and in that of the tests.
  Object.assign(process.env, asked.env);
  const missing = await unanswering(region);
  for (const { service, address, why } of missing)
    process.stderr.write(`test:contracts: ${service} at ${address} does not answer: ${why}\n`);
  if (missing.length > 0) return 1;
  process.stdout.write(`test:contracts: on ${addressOf(asked)}, region ${region}, every name begins with ${prefix}\n`);
  try {
    const place = JSON.stringify({ prefix, region });
    return await runSuites(asked, { [contractsVariable]: place, FZIP_TEST_TIMEOUT_MS: String(patience) });
  } finally {
    const removed = await removeAll(region, prefix);
    process.stdout.write(`test:contracts: removed ${removed.join(', ') || 'nothing: nothing was made'}\n`);
  }
};

const main = async (): Promise<number> => {
  const asked = parse(process.argv.slice(2), process.env);
  if (asked === 'help') {
    process.stdout.write(help);
    return 0;
  }
  // The terminal tells the tests as well, and what they made has still to be removed.
  process.on('SIGINT', () => undefined);
  return asked.endpoint === undefined ? runSuites(asked, {}) : runElsewhere(asked);
};

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`test:contracts: ${error.message}\n`);
  process.exitCode = 2;
}
