import { defineConfig } from 'vitest/config';

/** What every test runs with: no metrics on standard output, no region from outside. */
const env = { POWERTOOLS_METRICS_DISABLED: 'true', AWS_REGION: 'eu-west-1', AWS_EC2_METADATA_DISABLED: 'true' };

const project = (name: string, include: string[], testTimeout: number) => ({
  test: {
    name,
    include,
    env,
    testTimeout,
    hookTimeout: testTimeout,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
});

export default defineConfig({
  test: {
    projects: [
      project('packages', ['packages/*/test/**/*.test.ts'], 30_000),
      project('compat', ['test/compat/**/*.test.ts'], 60_000),
      project('flow', ['test/flow/**/*.test.ts'], 60_000),
      // Needs a Chromium, so it runs by `npm run test:e2e` alone.
      ...(process.env.FZIP_E2E ? [project('e2e', ['test/e2e/**/*.test.ts'], 180_000)] : []),
    ],
    // Two cores: more workers would only wait for one another.
    maxWorkers: 2,
  },
});
