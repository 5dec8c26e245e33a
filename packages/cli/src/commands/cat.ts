/** `fzip cat`: one entry's bytes, or the rows of a kind, verified while they come. */
import { type EntityKind, type Entry, entityKinds, type Volume } from '@fzip/format';
import { type CommandOf, type ExitCode, exitCodes, UsageError } from '../command.ts';
import type { Io } from '../io.ts';
import { withPackage } from '../open.ts';
import { escapeText } from '../terminal.ts';

export const catCommand: CommandOf = {
  name: 'cat',
  summary: 'the bytes of an entry, or the rows of a kind',
  about: `To a file or a pipe the bytes go as they are; on a terminal what it would obey is escaped.
They are verified as they come: if they are damaged, the exit code is 1 and what was printed must not be used.
JSON: {rows: […], ok, kind} or {base64: ["…", …], ok, entry, bytes}; look at ok, which stands behind the list.`,
  arguments: [
    { name: '<package>', about: 'path or https URL' },
    { name: '<entry>', about: `name of an entry as \`fzip ls\` gives it, or a kind: ${entityKinds.join(', ')}` },
  ],
  options: [],
  examples: [
    { line: 'fzip cat backup.fzip transactions | wc -l', about: 'one row on each line' },
    { line: 'fzip cat backup.fzip manifest.json', about: 'the manifest' },
    { line: 'fzip cat backup.fzip files/ID/statement.pdf > statement.pdf', about: 'a file out of it' },
  ],
  run: (io, [path = '', name = '']) =>
    withPackage([path], async ({ volumes }) => {
      const volume = volumes[0]?.volume as Volume;
      const kind = entityKinds.find((known) => known === name);
      if (kind) return printRows(io, volume, kind);
      const entry = volume.entries.find((found) => found.name === name);
      if (entry) return printBytes(io, volume, entry);
      throw new UsageError(
        `"${name}" is no entry of the package; allowed are those that \`fzip ls\` lists, and ${entityKinds.join(', ')}`,
      );
    }),
};

const printRows = async (io: Io, volume: Volume, kind: EntityKind): Promise<ExitCode> => {
  if (!volume.data.has(kind))
    throw new UsageError(`the package holds no ${kind}; allowed are ${[...volume.data.keys()].join(', ')}`);
  io.list('rows');
  for await (const { line } of volume.rows(kind)) {
    if (io.json) await io.item(line);
    else await io.raw(`${io.isTerminal ? escapeText(line) : line}\n`);
  }
  io.document({ ok: true, kind });
  return exitCodes.intact;
};

const printBytes = async (io: Io, volume: Volume, entry: Entry): Promise<ExitCode> => {
  const decoder = new TextDecoder();
  io.list('base64');
  for await (const chunk of volume.body(entry) as AsyncIterable<Buffer>) {
    if (io.json) await io.item(JSON.stringify(chunk.toString('base64')));
    else await io.raw(io.isTerminal ? escapedLines(decoder.decode(chunk, { stream: true })) : chunk);
  }
  io.document({ ok: true, entry: entry.name, bytes: entry.size });
  return exitCodes.intact;
};

const escapedLines = (text: string): string => text.split('\n').map(escapeText).join('\n');
