/** Ends a command in order when it is told to: by Ctrl-C, by a signal, or because whoever started it is gone. */

/** ms. A terminal sends Ctrl-C to parent and child alike, and the parent passes it on: that is one wish, not two. */
const sameWish = 1_000;

export type Shutdown = {
  /** Aborts when the command is to end. */
  signal: AbortSignal;
  /** Resolves then. */
  wanted: Promise<void>;
};

/** @param onSecond what to do when asked again while ending takes its time */
export const onShutdown = (onSecond: () => void): Shutdown => {
  const abort = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  let first = 0;
  const end = (): void => {
    if (first === 0) {
      first = Date.now();
      abort.abort();
      resolve();
    } else if (Date.now() - first > sameWish) onSecond();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  if (process.connected) process.on('disconnect', end);
  return { signal: abort.signal, wanted: promise };
};
