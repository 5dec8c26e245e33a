/** Every command of `fzip`, in the order of the help. A new one is a file beside this and a line here. */
import type { CommandOf } from '../command.ts';
import { inspectCommand } from './inspect.ts';

export const commands: readonly CommandOf[] = [inspectCommand];
