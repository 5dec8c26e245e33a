/** Where a command says what it has to say. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { type Progress, progressOn } from './progress.ts';
import { type Align, aligned, escapeJson, render, type Text } from './terminal.ts';

export type Outlet = Writable & { isTTY?: boolean; columns?: number };
export type Outlets = { stdout: Outlet; stderr: Outlet; env: Readonly<Record<string, string | undefined>> };

/** All text is escaped on its way; `raw` alone is not. */
export type Io = {
  /** Programs are reading: one JSON document on standard output and nothing else. */
  readonly json: boolean;
  /** Of the process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output is a terminal. */
  readonly isTerminal: boolean;
  /** A line on standard output; nothing with `--json`. */
  line(text?: Text): void;
  /** Rows under one another, each indented by two; nothing with `--json`. */
  table(rows: readonly (readonly Text[])[], aligns?: readonly Align[]): void;
  /** A line on standard error; nothing with `--json`. */
  note(text: Text): void;
  /** The document of this command; nothing without `--json`. Begins with `ok`. */
  document(value: { ok: boolean; [key: string]: unknown }): void;
  /** Begins a document that holds a long list, printed as it comes; `document` then says the rest, be it an error. */
  list(name: string): void;
  /** One item of the list, as JSON. Resolves when there is room for more. */
  item(json: string): Promise<void>;
  /** Bytes to standard output as they are. Resolves when there is room for more. */
  raw(bytes: Buffer | string): Promise<void>;
  /** Resolves when standard output has room for more: for whoever prints very many lines. */
  room(): Promise<void>;
  /** Shown on standard error while it is a terminal. End it. */
  progress(text: string, bytes: number): Progress;
  /** Must be undone if the user interrupts, without waiting: half-written files. @returns what calls it off */
  onInterrupt(undo: () => void): () => void;
};

export type Undoing = Set<() => void>;

export const createIo = (
  outlets: Outlets,
  { json, color }: { json: boolean; color: boolean },
  undoing: Undoing,
): Io => {
  const { stdout, stderr, env } = outlets;
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = env;
  const isForced = FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const colorOn = (outlet: Outlet): boolean =>
    color && NO_COLOR === '' && (isForced || (Boolean(outlet.isTTY) && TERM !== 'dumb'));
  const [outColor, errColor] = [colorOn(stdout), colorOn(stderr)];
  const line = (text: Text = ''): void => {
    if (!json) stdout.write(`${render(text, outColor)}\n`);
  };
  const room = async (): Promise<void> => {
    if (stdout.writableNeedDrain) await once(stdout, 'drain');
  };
  const print = (text: string): void => void (json && stdout.write(escapeJson(text)));
  let list: { isEmpty: boolean } | undefined;
  return {
    json,
    env,
    isTerminal: Boolean(stdout.isTTY),
    line,
    table: (rows, aligns) => {
      for (const row of aligned(rows, aligns)) line(['  ', row].flat() as Text);
    },
    note: (text) => {
      if (!json) stderr.write(`${render(text, errColor)}\n`);
    },
    document: (value) => {
      const text = JSON.stringify(value, undefined, 2);
      print(`${list ? `\n  ],${text.slice(1)}` : text}\n`);
      list = undefined;
    },
    list: (name) => {
      list = { isEmpty: true };
      print(`{\n  ${JSON.stringify(name)}: [`);
    },
    item: async (text) => {
      print(`${list?.isEmpty ? '' : ','}\n    ${text}`);
      list = { isEmpty: false };
      if (json) await room();
    },
    raw: async (bytes) => {
      stdout.write(bytes);
      await room();
    },
    room,
    progress: (text, bytes) => {
      const progress = json ? { at: () => {}, end: () => {} } : progressOn(stderr, text, bytes);
      undoing.add(progress.end);
      return {
        at: progress.at,
        end: () => {
          progress.end();
          undoing.delete(progress.end);
        },
      };
    },
    onInterrupt: (undo) => {
      undoing.add(undo);
      return () => void undoing.delete(undo);
    },
  };
};
