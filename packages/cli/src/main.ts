/** The `fzip` command. Its commands stand in `commands/index.ts`, the command line in `program.ts`. */
import { exitCodes } from './command.ts';
import { run } from './program.ts';

const undoing = new Set<() => void>();

const stop = (code: number): never => {
  for (const undo of undoing) undo();
  process.exit(code);
};

process.on('SIGINT', () => stop(exitCodes.interrupted));
process.on('SIGTERM', () => stop(exitCodes.interrupted));
// Whoever read it has gone: `fzip ls … | head`. There is nobody left to tell.
for (const outlet of [process.stdout, process.stderr]) {
  outlet.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') stop(exitCodes.outletClosed);
    throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), process, undoing);
