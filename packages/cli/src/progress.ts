/** How far something is: one line on a terminal that is written over and in the end taken away, nothing elsewhere. */
import { bytesText, escapeText } from './terminal.ts';

export type Progress = {
  /** Bytes done so far, of all the bytes. */
  at(bytes: number): void;
  /** Takes the line away. May be called again. */
  end(): void;
};

type Outlet = { write(text: string): unknown; isTTY?: boolean; columns?: number };

const everyMs = 100;
/** Narrower ones would wrap the line, which could then not be taken away. */
const leastColumns = 40;

export const progressOn = (outlet: Outlet, text: string, bytes: number): Progress => {
  if (!outlet.isTTY || (outlet.columns ?? 0) < leastColumns) return { at: () => {}, end: () => {} };
  let shownAt = 0;
  const clear = '\r\u001b[K';
  return {
    at: (done) => {
      const now = performance.now();
      if (now - shownAt < everyMs) return;
      shownAt = now;
      // How much is read twice is not always known beforehand.
      const share = Math.min(1, done / Math.max(bytes, 1));
      const line = `${String(Math.floor(100 * share)).padStart(3)} %  ${bytesText(Math.min(done, bytes))} of ${bytesText(bytes)}  ${escapeText(text)}`;
      outlet.write(`${clear}${[...line].slice(0, leastColumns - 1 + ((outlet.columns ?? 0) - leastColumns)).join('')}`);
    },
    end: () => {
      if (shownAt > 0) outlet.write(clear);
      shownAt = 0;
    },
  };
};
