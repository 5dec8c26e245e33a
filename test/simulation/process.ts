/** One run of something: an invocation of a function, a request of the API. It can die, and then it never does anything again. */
import type { Invocation } from '@fzip/core';

export type Process = {
  /** `backup-collect 17` */
  readonly name: string;
  readonly invocation: Invocation;
  /** Its clock less the true time, in ms. */
  readonly skewMs: number;
  /** Whether anything goes wrong with it. */
  readonly isSafe: boolean;
  /** `{jobId}:{attempt}` of each message that it works on; undefined if a message does not say. */
  readonly works?: ReadonlySet<string>;
  state: 'lives' | 'ended' | 'dead';
  /** Rejects when the process dies. */
  readonly death: Promise<never>;
  kill(): void;
  end(): void;
};

/** Whether a process runs a step, or the sweep. */
export const isOf = ({ name }: Process, what: string): boolean => name.startsWith(`${what} `);

export const createProcess = (of: Pick<Process, 'name' | 'invocation' | 'skewMs' | 'isSafe' | 'works'>): Process => {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const process: Process = {
    ...of,
    state: 'lives',
    death: promise,
    kill: () => {
      process.state = 'dead';
      reject(new Error(`${of.name} died`));
    },
    end: () => {
      if (process.state === 'lives') process.state = 'ended';
    },
  };
  return process;
};
