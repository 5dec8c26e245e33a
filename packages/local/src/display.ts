/** What is shown while work goes on: a bar on a terminal, plain lines elsewhere, nothing for programs. */
import { styleText } from 'node:util';
import { intro, log, outro, progress } from '@clack/prompts';

export type Display = {
  title(text: string): void;
  /** One thing that was done. */
  line(text: string): void;
  warn(text: string): void;
  /** A figure among others: `size   1.2 MB`. */
  fact(name: string, value: string): void;
  /** Begins something that takes a while. */
  begin(text: string): Task;
  end(text: string): void;
};

export type Task = {
  /** Of 100. */
  at(percent: number, text: string): void;
  done(text: string): void;
  failed(text: string): void;
};

type Kind = 'terminal' | 'plain' | 'silent';

export const displayFor = ({ json = false } = {}): Display => {
  const kind: Kind = json ? 'silent' : isWideTerminal() ? 'terminal' : 'plain';
  return { terminal: terminalDisplay, plain: plainDisplay, silent: silentDisplay }[kind]();
};

/** The bar wraps at the terminal's width; on one without a width it would stand letter under letter. */
const isWideTerminal = (): boolean => process.stdout.isTTY && process.stdout.columns >= 40 && !process.env.CI;

const terminalDisplay = (): Display => ({
  title: (text) => intro(styleText('bold', text)),
  line: (text) => log.success(text),
  warn: (text) => log.warn(text),
  fact: (name, value) => log.message(`${styleText('dim', name.padEnd(14))}${value}`, { spacing: 0 }),
  begin: (text) => {
    const bar = progress({ max: 100, size: 30 });
    bar.start(text);
    let shown = 0;
    return {
      at: (percent, step) => {
        bar.advance(Math.max(0, percent - shown), step);
        shown = Math.max(shown, percent);
      },
      done: (end) => bar.stop(end),
      failed: (end) => bar.error(end),
    };
  },
  end: (text) => outro(text),
});

const plainDisplay = (): Display => {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  return {
    title: print,
    line: print,
    warn: (text) => print(`warning: ${text}`),
    fact: (name, value) => print(`  ${name.padEnd(14)}${value}`),
    begin: (text) => {
      print(text);
      let last = '';
      return {
        at: (percent, step) => {
          if (step !== last) print(`  ${String(Math.round(percent)).padStart(3)} %  ${step}`);
          last = step;
        },
        done: print,
        failed: print,
      };
    },
    end: print,
  };
};

const silentDisplay = (): Display => {
  const nothing = (): void => {};
  return {
    title: nothing,
    line: nothing,
    warn: nothing,
    fact: nothing,
    begin: () => ({ at: nothing, done: nothing, failed: nothing }),
    end: nothing,
  };
};

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `1.2 MB` */
export const bytesText = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
};

/** `1 200 transactions, 12 transaction files` */
export const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([kind, count]) => `${count.toLocaleString('en').replaceAll(',', ' ')} ${kind.replaceAll('_', ' ')}`)
    .join(', ');

/** `building fzip package` */
export const phaseText = (phase: string): string => phase.replaceAll('_', ' ');
