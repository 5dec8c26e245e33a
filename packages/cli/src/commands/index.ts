/** Every command of `fzip`, in the order of the help. A new one is a file beside this and a line here. */
import type { CommandOf } from '../command.ts';
import { catCommand } from './cat.ts';
import { convertCommand } from './convert.ts';
import { listLettersCommand, redriveLettersCommand, showLetterCommand } from './dead-letters.ts';
import { diffCommand } from './diff.ts';
import { extractCommand } from './extract.ts';
import { inspectCommand } from './inspect.ts';
import { lsCommand } from './ls.ts';
import { previewCommand } from './preview.ts';
import { repairCommand } from './repair.ts';
import { verifyCommand } from './verify.ts';

export const commands: readonly CommandOf[] = [
  inspectCommand,
  verifyCommand,
  previewCommand,
  lsCommand,
  catCommand,
  extractCommand,
  diffCommand,
  convertCommand,
  repairCommand,
  listLettersCommand,
  showLetterCommand,
  redriveLettersCommand,
];

/** Words before the name of a command, and what stands behind them. */
export const groups: Readonly<Record<string, string>> = {
  ops: 'for whoever operates FZIP',
  'ops dead-letters': 'messages that failed for good',
};
