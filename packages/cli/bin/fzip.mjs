#!/usr/bin/env node
/** Runs the command under a Node that runs TypeScript: this one if it does, else the one that the packages bring. */
import { spawn } from 'node:child_process';
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
const child = spawn(isNew ? process.execPath : own, [quiet, main, ...process.argv.slice(2)], { stdio: 'inherit' });
// Whoever stops this process means the command. Of Ctrl-C both hear, and the command removes what is half written.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
process.on('SIGINT', () => undefined);
child.on('error', ({ message }) => {
  process.stderr.write(`fzip: cannot run ${own}: ${message}\n`);
  process.exitCode = 3;
});
child.on('exit', (status, signal) => {
  process.exitCode = status ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 130 : 3);
});
