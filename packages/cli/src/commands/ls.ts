/** `fzip ls`: the entries of a package. */
import type { Entry, Volume } from '@fzip/format';
import { type CommandOf, exitCodes } from '../command.ts';
import { withPackage } from '../open.ts';
import { numberText, type Text } from '../terminal.ts';

export const lsCommand: CommandOf = {
  name: 'ls',
  summary: 'the entries of a package',
  about: `Names as the directory has them, in its order; characters that a terminal would obey are escaped.
JSON: {entries: [{name, is, volume, size, compressedSize, method, crc32, sha256?}], ok}; sizes in bytes.`,
  arguments: [{ name: '<package...>', about: 'path or https URL of a package, or of volumes of one set' }],
  options: [{ flags: '-l, --long', about: 'sizes, method, CRC and whether there is a sha256' }],
  examples: [
    { line: 'fzip ls backup.fzip', about: 'a name on each line' },
    { line: 'fzip ls --long backup.part-001.fzip backup.part-002.fzip', about: 'the entries of a set' },
  ],
  run: (io, paths, { long }) =>
    withPackage(paths, async ({ volumes }) => {
      io.list('entries');
      for (const { volume } of volumes) {
        const number = volume.manifest.volume.number;
        for (const entry of volume.entries) {
          if (io.json) await io.item(JSON.stringify(documentOf(entry, volume, number)));
          else io.line(long ? longOf(entry, volume) : entry.name);
          await io.room();
        }
      }
      io.document({ ok: true });
      return exitCodes.intact;
    }),
};

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');
const methods: Readonly<Record<number, string>> = { 0: 'stored', 8: 'deflated', 14: 'lzma' };

const documentOf = (entry: Entry, { checksums }: Volume, volume: number) => ({
  name: entry.name,
  is: entry.role.is,
  volume,
  size: entry.size,
  compressedSize: entry.compressedSize,
  method: methods[entry.method] ?? entry.method,
  crc32: hex8(entry.crc32),
  ...(checksums.has(entry.name) ? { sha256: checksums.get(entry.name) } : {}),
});

/** Columns of fixed width: a table would hold a million entries. */
const longOf = (entry: Entry, { checksums }: Volume): Text => {
  const sizes = [entry.size, entry.compressedSize].map((bytes) => numberText(bytes).padStart(14)).join(' ');
  const method = (methods[entry.method] ?? String(entry.method)).padEnd(8);
  return `${sizes}  ${method}  ${hex8(entry.crc32)}  ${checksums.has(entry.name) ? 'sha256' : '-     '}  ${entry.name}`;
};
