/** The `fzip` command. Its commands stand in `commands/index.ts`, the command line in `program.ts`. */
import { writeSync } from 'node:fs';
import { exitCodes } from './command.ts';
import { run } from './program.ts';

const undoing = new Set<() => void>();

const stop = (code: number): never => {
  for (const undo of undoing) undo();
  process.exit(code);
};

process.on('SIGINT', () => stop(exitCodes.interrupted));
process.on('SIGTERM', () => stop(exitCodes.interrupted));
for (const [name, outlet] of [
  ['standard output', process.stdout],
  ['standard error', process.stderr],
] as const) {
  outlet.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read it has gone: `fzip ls … | head`. There is nobody left to tell.
    if (error.code === 'EPIPE') stop(exitCodes.outletClosed);
    // It says nothing of the package, so that it is no verdict.
    tell(`fzip: ${name} could not be written: ${error.code === 'ENOSPC' ? 'no space is left' : error.message}\n`);
    stop(exitCodes.unreadable);
  });
}

/** To standard error, if that one can be written. */
function tell(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // There is nowhere left to say it.
  }
}

process.exitCode = await run(process.argv.slice(2), process, undoing);
