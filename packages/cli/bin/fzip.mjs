#!/usr/bin/env node
/** Runs the command under a Node that runs TypeScript: this one if it does, else the one that the packages bring. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const quiet = '--disable-warning=ExperimentalWarning';
const isWindows = process.platform === 'win32';
const own = path.resolve(path.dirname(main), '../../../node_modules/.bin', isWindows ? 'node.exe' : 'node');
const isNew = major > 22 || (major === 22 && minor >= 18);

if (!isNew && !existsSync(own)) {
  process.stderr.write(
    `fzip: needs Node 22.18 or later, found ${process.versions.node}. Run \`npm install\` in the project, which brings one, or install it from https://nodejs.org\n`,
  );
  process.exit(3);
}
const { status, signal, error } = spawnSync(isNew ? process.execPath : own, [quiet, main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
if (error) process.stderr.write(`fzip: cannot run ${own}: ${error.message}\n`);
process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 3);
