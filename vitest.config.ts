import { defineConfig } from 'vitest/config';

/** What every test runs with: no metrics on standard output, no region from outside. */
const env = { POWERTOOLS_METRICS_DISABLED: 'true', AWS_REGION: 'eu-west-1', AWS_EC2_METADATA_DISABLED: 'true' };

/** ms, where services are further away than the embedded runtime. */
const patience = Number(process.env.FZIP_TEST_TIMEOUT_MS ?? 0);

const project = (name: string, include: string[], testTimeout: number) => ({
  test: {
    name,
    include,
    env,
    testTimeout: Math.max(testTimeout, patience),
    hookTimeout: Math.max(testTimeout, patience),
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
});

export default defineConfig({
  test: {
    projects: [
      project('packages', ['packages/*/test/**/*.test.ts'], 30_000),
      project('compat', ['test/compat/**/*.test.ts'], 60_000),
      project('simulation', ['test/simulation/**/*.test.ts'], 600_000),
      project('flow', ['test/flow/**/*.test.ts'], 60_000),
      project('infra', ['test/infra/**/*.test.ts'], 60_000),
      // Needs a Chromium, so it runs by `npm run test:e2e` alone.
      ...(process.env.FZIP_E2E ? [project('e2e', ['test/e2e/**/*.test.ts'], 180_000)] : []),
    ],
    // Two cores: more workers would only wait for one another.
    maxWorkers: 2,
  },
});
