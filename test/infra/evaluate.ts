/**
 * Evaluates `sst.config.ts` as SST 4.17.1 does, without an account: the same two builds as its command line makes (its `pkg/js` and
 * `pkg/project`), the real components, Pulumi's mocks for an engine, and a stand-in for the server that components ask for bundles.
 *
 *     node test/infra/evaluate.ts STAGE [dev]
 *
 * prints what would be made, as JSON. Settings come from the environment, as in a deployment.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { answerTo, resourceOf } from './mocks.ts';

const root = join(import.meta.dirname, '../..');
const platform = join(root, '.sst/platform');

export type Resource = {
  type: string;
  name: string;
  inputs: Record<string, never>;
  /** Stays in AWS when it is no longer described. */
  retained: boolean;
};
export type Evaluation = {
  app: Record<string, unknown>;
  resources: Resource[];
  /** Handlers that were asked to be bundled. */
  handlers: string[];
  outputs: Record<string, unknown>;
};

const [stage = '', mode] = process.argv.slice(2);
const isDev = mode === 'dev';
const work = mkdtempSync(join(tmpdir(), 'fzip-infra-'));
const handlers: string[] = [];

/** What components ask SST's own server for. */
const server = {
  'Provider.Aws.Bootstrap': () => ({ asset: 'sst-asset', state: 'sst-state', assetEcrRegistryId: '', assetEcrUrl: '' }),
  'Provider.Aws.Appsync': () => ({ http: 'https://appsync', realtime: 'wss://appsync' }),
  'Runtime.AddTarget': ({ handler }: { handler: string }) => {
    handlers.push(handler);
    return true;
  },
  // Bundles are looked at in a test of their own; here it is enough that there is something to bundle.
  'Runtime.Build': ({ handler, functionID }: { handler: string; functionID: string }) => {
    handlers.push(handler);
    const out = join(work, 'artifacts', `${functionID}-src`);
    const source = join(root, handler.replace(/\.\w+$/, '.ts'));
    if (!existsSync(source)) return { handler: '', out, errors: [`no such handler: ${handler}`], sourcemaps: [] };
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'bundle.mjs'), '');
    return { handler: 'bundle.handler', out, errors: [], sourcemaps: [] };
  },
} as Record<string, (params: never) => unknown>;

const serve = async (): Promise<() => void> => {
  const http = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, params } = JSON.parse(body) as { method: string; params: never[] };
    const answer = server[method];
    const found = answer
      ? { result: answer(params[0] as never) }
      : { error: `${method}: nothing here answers to that` };
    response.end(JSON.stringify(found));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  process.env.SST_SERVER = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return () => http.close();
};

/** What stands before each module of the project, since nothing of it is imported there. */
const globals = {
  app: 'const $config = (config) => config;\n',
  run: `import * as aws from "@pulumi/aws"; import * as sst from ${JSON.stringify(join(platform, 'src/components'))};\n`,
};

/** Modules that stay in `.sst/platform`, so that there is one Pulumi. */
const external = [
  '@pulumi/*',
  '@pulumiverse/*',
  '@sst-provider/*',
  '@aws-sdk/*',
  'undici',
  'esbuild',
  'archiver',
  'glob',
  'vite',
];

type BuildOf = { contents: string; globals: string; define?: Record<string, string>; inject?: string[] };

/** Bundles a module next to the platform's own and loads it. */
const load = async ({ contents, globals: before, define = {}, inject = [] }: BuildOf) => {
  const outfile = join(platform, `fzip-${process.pid}-${Math.random().toString(36).slice(2)}.mjs`);
  const isOurs = (path: string) => !path.includes('node_modules') && !path.startsWith(join(root, '.sst'));
  try {
    await build({
      stdin: { contents, resolveDir: root, loader: 'ts' },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      mainFields: ['module', 'main'],
      nodePaths: [join(platform, 'node_modules')],
      external,
      define,
      inject,
      sourcemap: 'inline',
      logLevel: 'silent',
      banner: {
        js: `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url); const __dirname = import.meta.dirname, __filename = import.meta.filename;`,
      },
      plugins: [
        {
          name: 'globals',
          setup: ({ onLoad }) =>
            onLoad({ filter: /\.[jt]s$/ }, ({ path }) =>
              isOurs(path) ? { contents: before + readFileSync(path, 'utf8'), loader: 'ts' } : undefined,
            ),
        },
      ],
    });
    return (await import(pathToFileURL(outfile).href)).default;
  } finally {
    rmSync(outfile, { force: true });
  }
};

const config = JSON.stringify(join(root, 'sst.config.ts'));

const evaluate = async (): Promise<Evaluation> => {
  const require = createRequire(join(platform, 'package.json'));
  const pulumi = require('@pulumi/pulumi');
  const described = await load({
    contents: `import config from ${config}; export default await config.app({ stage: ${JSON.stringify(stage)} });`,
    globals: globals.app,
  });
  const app = { removal: 'retain', protect: false, ...described, stage };

  const retained = new Map<string, boolean>();
  const { MockMonitor } = require('@pulumi/pulumi/runtime/mocks');
  const register = MockMonitor.prototype.registerResource;
  MockMonitor.prototype.registerResource = function (request: never, callback: never) {
    const asked = request as { getType(): string; getName(): string; getRetainondelete(): boolean };
    retained.set(`${asked.getType()} ${asked.getName()}`, asked.getRetainondelete() === true);
    return register.call(this, request, callback);
  };

  const made: Pick<Resource, 'type' | 'name' | 'inputs'>[] = [];
  pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }: Resource) => {
        made.push({ type, name, inputs });
        return resourceOf(type, name, inputs);
      },
      call: ({ token, inputs }: { token: string; inputs: Record<string, unknown> }) => answerTo(token, inputs),
    },
    app.name,
    stage,
    false,
  );
  const paths = { home: work, root, work, platform };
  const program = await load({
    contents: `
      import { run } from ${JSON.stringify(join(platform, 'src/auto/run.ts'))};
      import config from ${config};
      export default () => run(config.run);`,
    globals: globals.run,
    define: {
      $app: JSON.stringify(app),
      $cli: JSON.stringify({ command: isDev ? 'dev' : 'deploy', dev: isDev, paths, state: { version: {} } }),
      $dev: String(isDev),
    },
    inject: [join(platform, 'src/shim/run.js')],
  });
  const outputs = await pulumi.runtime.runInPulumiStack(program);
  // Waits for every resource.
  await pulumi.runtime.disconnect();
  const resolved = await new Promise<Record<string, unknown>>((resolve) => {
    pulumi.output(outputs).apply(resolve);
  });
  const resources = made.map((resource) => ({
    ...resource,
    retained: retained.get(`${resource.type} ${resource.name}`) === true,
  }));
  return { app, resources, handlers: handlers.sort(), outputs: resolved };
};

if (!existsSync(platform)) {
  console.error(`${dirname(platform)} is not there: run \`npm run infra\` first; it needs the npm registry`);
  process.exit(1);
}
// Standard output is the result's alone.
const print = console.log;
console.log = console.error;
process.on('unhandledRejection', (error) => {
  console.error(error);
  process.exit(1);
});
const close = await serve();
try {
  const evaluation = await evaluate();
  process.chdir(root);
  process.stdout.write(JSON.stringify(evaluation), () => process.exit(0));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  close();
  rmSync(work, { recursive: true, force: true });
  console.log = print;
}
