/** The command line: a table of commands made into a program, and every way it can end made into an exit code. */
import { readFileSync } from 'node:fs';
import { PackageRefused } from '@fzip/format';
import { Command, CommanderError, Option } from 'commander';
import { CannotWrite, type CommandOf, type ExitCode, exitCodes, UsageError } from './command.ts';
import { commands, groups } from './commands/index.ts';
import { createIo, type Io, type Outlets, type Undoing } from './io.ts';
import { escapeText, red } from './terminal.ts';

const about = `Looks into packages that a backup of HouseF3 wrote (.fzip), and proves them.`;
const footer = `
Exit codes: 0 intact, warnings included; 1 damaged or refused; 2 not understood; 3 could not be read or written.
With --json one document goes to standard output: {"ok":true,…}, or {"ok":false,"error":{"code","message","entry"?}}.`;

/**
 * Runs `fzip` once. Says everything on the outlets and never rejects.
 * @param argv what stands behind the command's name
 * @param undoing is filled with what must be undone if the user interrupts
 */
export const run = async (
  argv: readonly string[],
  outlets: Outlets,
  undoing: Undoing = new Set(),
): Promise<ExitCode> => {
  const json = argv.includes('--json');
  const io = createIo(outlets, { json, color: !argv.includes('--no-color') }, undoing);
  let code: ExitCode = exitCodes.intact;
  const program = programOf(io, outlets, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return ended(io, outlets, error);
  }
};

const programOf = (io: Io, { stdout, stderr }: Outlets, done: (code: ExitCode) => void): Command => {
  const program = new Command('fzip').description(about).version(version(), '-V, --version', 'say the version');
  const print = (text: string): string => text.split('\n').map(escapeText).join('\n');
  program.configureOutput({
    writeOut: (text) => void stdout.write(print(text)),
    writeErr: (text) => void (io.json || stderr.write(print(text))),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
    getOutHelpWidth: () => stdout.columns ?? 100,
    getErrHelpWidth: () => stderr.columns ?? 100,
  });
  program.exitOverride().showHelpAfterError('(fzip --help lists the commands)').addHelpText('after', footer);
  program.helpOption('-h, --help', 'say this').helpCommand('help [command]', 'say how a command is used');
  for (const command of commands) addCommand(program, command, io, done);
  return program;
};

const addCommand = (program: Command, command: CommandOf, io: Io, done: (code: ExitCode) => void): void => {
  const { name, summary, examples } = command;
  const words = name.split(' ');
  const added = groupOf(program, words.slice(0, -1))
    .command(words.at(-1) ?? name)
    .summary(summary)
    .description(`${summary}.${command.about ? `\n\n${command.about}` : ''}`);
  for (const argument of command.arguments) added.argument(argument.name, argument.about);
  for (const option of command.options) added.addOption(optionOf(option));
  added.option('--json', 'one JSON document on standard output').option('--no-color', 'no colours');
  added.helpOption('-h, --help', 'say this').showHelpAfterError(`(fzip ${name} --help says more)`);
  const shown = examples.map(({ line, about }) => `  $ ${line}\n      ${about}`).join('\n');
  added.addHelpText('after', `\nExamples:\n${shown}`);
  added.action(async () => {
    const args = added.processedArgs.flat().filter((arg): arg is string => typeof arg === 'string');
    done(await command.run(io, args, added.opts()));
  });
};

/** The command that stands for the words, made where it is not there yet. */
const groupOf = (program: Command, words: readonly string[]): Command => {
  let group = program;
  words.forEach((word, n) => {
    const found = group.commands.find((command) => command.name() === word);
    const about = groups[words.slice(0, n + 1).join(' ')] ?? '';
    group = found ?? group.command(word).summary(about).description(about).helpOption('-h, --help', 'say this');
  });
  return group;
};

const optionOf = ({
  flags,
  about,
  choices,
  default: fallback,
  isRequired = false,
}: CommandOf['options'][number]): Option => {
  const option = new Option(flags, about).makeOptionMandatory(isRequired);
  if (choices) option.choices(choices);
  if (fallback !== undefined) option.default(fallback);
  return option;
};

/** What went wrong, said once, and the code for it. */
const ended = (io: Io, { stdout }: Outlets, error: unknown): ExitCode => {
  if (isClosed(error)) return exitCodes.outletClosed;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.intact;
    // Commander has said it already, though not to programs.
    io.document({ ok: false, error: { code: 'USAGE', message: error.message.replace(/^error: /, '') } });
    return exitCodes.usage;
  }
  const { code, exit } = kindOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const entry = error instanceof PackageRefused ? error.entry : undefined;
  if (stdout.writable) io.document({ ok: false, error: { code, message, ...(entry === undefined ? {} : { entry }) } });
  io.note([red(exit === exitCodes.refused ? `refused (${code})` : 'error'), `: ${message}`]);
  return exit;
};

const kindOf = (error: unknown): { code: string; exit: ExitCode } => {
  if (error instanceof PackageRefused) return { code: error.code, exit: exitCodes.refused };
  if (error instanceof UsageError) return { code: 'USAGE', exit: exitCodes.usage };
  if (error instanceof CannotWrite) return { code: 'CANNOT_WRITE', exit: exitCodes.unreadable };
  return { code: 'CANNOT_READ', exit: exitCodes.unreadable };
};

/** Whoever read standard output has gone: `fzip ls … | head`. */
const isClosed = (error: unknown): boolean => {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' && syscall === 'write';
};

const version = (): string => {
  const found: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return (found as { version: string }).version;
};
