/** What a command of `fzip` is. Each stands in a file of its own in `commands/`, and by one line in `commands/index.ts`. */
import type { Io } from './io.ts';

/** FORMAT.md, section 3. */
export const exitCodes = {
  intact: 0,
  refused: 1,
  usage: 2,
  unreadable: 3,
  interrupted: 130,
  outletClosed: 141,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export type CommandOf = {
  /** One word, or several: the words before the last are groups of commands. */
  name: string;
  /** One line for the list of commands, without a full stop. */
  summary: string;
  /** More of it for the command's own help: whole sentences, and the shape of its JSON document. */
  about?: string;
  /** As commander spells them: `<package>`, `[entry...]`; the last one alone may take several. */
  arguments: readonly { name: string; about: string }[];
  /** Besides `--json` and `--no-color`, which every command has. */
  options: readonly OptionOf[];
  examples: readonly { line: string; about: string }[];
  /**
   * Does it. What it has to say goes to `io`: with `--json` one document, and lines otherwise.
   * PackageRefused ends in exit code 1, UsageError in 2, any other error in 3; each is shown by whoever calls this.
   * @param args in the order of `arguments`, the last one's spread out
   * @param options by their long names in camel case
   */
  run(io: Io, args: readonly string[], options: Chosen): Promise<ExitCode>;
};

export type OptionOf = {
  /** As commander spells them: `-d, --dir <path>`, `--all`. */
  flags: string;
  about: string;
  choices?: readonly string[];
  default?: string;
  isRequired?: boolean;
};

/** Of an option that takes several values, all of them. */
export type Chosen = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What was to be written cannot be: a full disk, a folder without permission. Nothing of it is left. */
export class CannotWrite extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotWrite';
  }
}

/** What the user asked for cannot be done as it was asked. The message names what is allowed. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
