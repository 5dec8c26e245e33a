/** What a measurement finds, and how a process measures itself. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Of one piece of work in a process of its own. */
export type Figures = {
  wallSeconds: number;
  /** User and system, all threads. */
  cpuSeconds: number;
  /** The largest resident set above that at the process's start, in bytes. */
  peakBytes: number;
  /** What the work itself says. */
  [name: string]: number | string | boolean | undefined;
};

/** Linux resets the peak of a process when asked so; elsewhere the resident set is sampled. */
const resetsPeak = process.platform === 'linux';

/** Begins to watch; the function that it gives says how high the resident set went since, in bytes. */
export const watchMemory = (): (() => number) => {
  if (resetsPeak) {
    // proc(5): "5" resets VmHWM to the current resident set.
    writeFileSync('/proc/self/clear_refs', '5');
    return () => Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  }
  let peak = 0;
  const sample = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const timer = setInterval(sample, 20);
  return () => {
    clearInterval(timer);
    sample();
    return peak;
  };
};

/** Runs a piece of work. @param startBytes the resident set at the process's start */
export const measured = async (
  startBytes: number,
  work: () => Promise<Record<string, number | string | boolean | undefined>>,
): Promise<Figures> => {
  const peak = watchMemory();
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  const found = await work();
  const { user, system } = process.cpuUsage(cpu);
  const wallSeconds = (performance.now() - started) / 1000;
  return { ...found, wallSeconds, cpuSeconds: (user + system) / 1e6, peakBytes: Math.max(0, peak() - startBytes) };
};
