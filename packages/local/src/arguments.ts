/** The options of a command: parsed, with unknown ones refused by naming those there are. */
import { parseArgs } from 'node:util';

/** What the user asked for cannot be understood. The message names what is allowed. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export type Option = {
  type: 'boolean' | 'string';
  /** Stands for the value in the help. */
  value?: string;
  help: string;
};
export type Options = Readonly<Record<string, Option>>;
export type Arguments = Record<string, string | boolean | undefined>;

/** @throws UsageError */
export const parseArguments = (options: Options, args: string[] = process.argv.slice(2)): Arguments => {
  const known: Options = { ...options, help: { type: 'boolean', help: 'say this' } };
  const allowed = Object.keys(known).map((name) => `--${name}`);
  const { tokens } = parseArgs({ args, options: toParse(known), strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new UsageError(`"${token.value}" is not understood; allowed are ${allowed.join(', ')}`);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (!option) throw new UsageError(`${token.rawName} is no option; allowed are ${allowed.join(', ')}`);
    if (option.type === 'string' && !token.value) throw new UsageError(`${token.rawName} needs a value`);
    if (option.type === 'boolean' && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`);
  }
  return parseArgs({ args, options: toParse(known) }).values;
};

const toParse = (options: Options) =>
  Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }] as const));

/** A whole number out of an option. @throws UsageError */
export const numberOf = (args: Arguments, name: string, fallback: number, [least, most]: [number, number]): number => {
  const text = args[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} is "${text}"; allowed are whole numbers from ${least} to ${most}`);
};

export const helpText = (usage: string, about: string, options: Options): string => {
  const rows = Object.entries({ ...options, help: { type: 'boolean', help: 'say this' } satisfies Option }).map(
    ([name, option]) =>
      [`--${name}${'value' in option && option.value ? ` ${option.value}` : ''}`, option.help] as const,
  );
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return `${usage}\n\n${about}\n\n${rows.map(([name, help]) => `  ${name.padEnd(width)}${help}`).join('\n')}\n`;
};
