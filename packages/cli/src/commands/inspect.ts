/** `fzip inspect`: what a package says of itself, from its directory and manifest alone. */
import { type CommandOf, exitCodes } from '../command.ts';
import { withPackage } from '../open.ts';

export const inspectCommand: CommandOf = {
  name: 'inspect',
  summary: 'say what a package says of itself, without checking it',
  arguments: [{ name: '<package...>', about: 'path of a package, or of volumes of one set' }],
  options: [],
  examples: [{ line: 'fzip inspect backup.fzip', about: 'versions, counts, sizes, failed files, known defects' }],
  run: (io, paths) =>
    withPackage(paths, async ({ volumes }) => {
      for (const { name, volume } of volumes) io.line(`${name}: ${volume.dialect}`);
      io.document({ ok: true });
      return exitCodes.intact;
    }),
};
