/** Builds the pages into `dist` unless what lies there was built from the same sources. A build that fails leaves the old one. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';

const here = path.resolve(import.meta.dirname, '..');
const root = path.resolve(here, '../..');
const dist = path.join(here, 'dist');
const mark = path.join(dist, 'built-from');

const sources = [
  'packages/web/{src,public,scripts}/**/*',
  'packages/web/{index.html,vite.config.ts,package.json}',
  'packages/{api,format}/src/*.ts',
  'docs/{user-guide.md,images/*}',
  'package-lock.json',
];

const digest = (): string => {
  const hash = createHash('sha256');
  const files = globSync(sources, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  for (const file of files.toSorted()) hash.update(path.relative(root, file)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
};

const wanted = digest();
if (!existsSync(mark) || readFileSync(mark, 'utf8') !== wanted) {
  // Beside the one that is served, and then in its place.
  const fresh = `${dist}.new`;
  process.env.FZIP_WEB_OUT = fresh;
  await build({
    configFile: path.join(here, 'vite.config.ts'),
    logLevel: process.argv.includes('--quiet') ? 'error' : 'info',
  });
  writeFileSync(path.join(fresh, 'built-from'), wanted);
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
}
