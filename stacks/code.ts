/** Where the code of each function is, and what it needs beside its bundle. */
import type { FunctionName } from '../packages/core/src/topology.ts';

/** A step's entry is `{job}/{step}.ts`; a subscriber of restores stands with the restore. */
export const entryOf = (name: FunctionName): string => {
  if (name === 'analytics-refresh') return 'packages/functions/src/restore/analytics-refresh';
  const [, job, step] = /^(backup|restore|profile)-(.+)$/.exec(name) ?? [];
  return `packages/functions/src/${job === undefined ? name : `${job}/${step}`}`;
};

export const handlerOf = (name: FunctionName): string => `${entryOf(name)}.handler`;

/** Functions that read the bytes of packages which were uploaded: only in those can an LZMA entry be. FZIP writes none. */
export const unpackers: ReadonlySet<FunctionName> = new Set<FunctionName>([
  'restore-unpack',
  'restore-transaction-files',
  'restore-verify',
]);

/**
 * arm64 is a fifth cheaper. Of lzma-native 8.0.6 the binary that is named linux-arm64 is one for x86-64, so whoever needs it runs there.
 */
export const architectureOf = (name: FunctionName): 'arm64' | 'x86_64' => (unpackers.has(name) ? 'x86_64' : 'arm64');

/**
 * LZMA is native code, which esbuild cannot take along: its package goes into the function as it was installed, so that the version is the
 * lockfile's and a deployment needs no registry. Its sources and the binaries of other machines stay out.
 */
export const lzmaFiles: { from: string; to: string }[] = [
  'lzma-native/package.json',
  'lzma-native/index.js',
  'lzma-native/prebuilds/linux-x64/node.napi.node',
  'lzma-native/node_modules/readable-stream',
  'node-gyp-build',
  'inherits',
  'string_decoder',
  'safe-buffer',
  'util-deprecate',
].map((file) => ({ from: `node_modules/${file}`, to: `node_modules/${file}` }));
