/** Bundles handlers as SST 4.17.1 does for a deployment (its `pkg/runtime/node/build.go`). */
import { join } from 'node:path';
import { type BuildResult, build } from 'esbuild';

export const root = join(import.meta.dirname, '../..');

/** What SST puts in front, so that CommonJS within finds what it expects. */
const banner = [
  `import { createRequire as topLevelCreateRequire } from 'module';`,
  'const require = topLevelCreateRequire(import.meta.url);',
  `import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url"`,
  'const __filename = topLevelFileUrlToPath(import.meta.url)',
  'const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url))',
].join('\n');

/** @param entries by the name of their bundle, without extension, from the root @throws what esbuild finds wrong */
export const bundle = (
  entries: Readonly<Record<string, string>>,
  outdir: string,
): Promise<BuildResult<{ metafile: true }>> =>
  build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, join(root, `${entry}.ts`)])),
    absWorkingDir: root,
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'esnext',
    mainFields: ['module', 'main'],
    external: ['sharp', 'pg-native'],
    minify: true,
    keepNames: true,
    metafile: true,
    logLevel: 'silent',
    banner: { js: banner },
  });
