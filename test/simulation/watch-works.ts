/** Looks at what consumers do: a message of an attempt does nothing for another one. */
import type { Call } from './faults.ts';
import type { Process } from './process.ts';
import { violated, type World } from './world.ts';

type About = { jobId?: unknown; attempt?: unknown };

/** What a call changes, as `{jobId}:{attempt}`; undefined if its parameters do not say. */
const workOf = ({ port, method }: Call, parameters: readonly unknown[]): string | undefined => {
  const [first, second] = parameters;
  if (port === 'jobs' && method === 'report') return `${first}:${second}`;
  if (port !== 'ledger' && !(port === 'jobs' && method === 'change')) return undefined;
  const { jobId, attempt } = (typeof first === 'object' && first !== null ? first : {}) as About;
  return typeof jobId === 'string' && typeof attempt === 'number' ? `${jobId}:${attempt}` : undefined;
};

export const watchWork = (world: World, process: Process, call: Call, parameters: readonly unknown[]): void => {
  if (!process.works || !call.isEffect || call.method === 'blame') return;
  const work = workOf(call, parameters);
  if (work === undefined || process.works.has(work)) return;
  const told = [...process.works].join(', ');
  violated(world, `${process.name} was told of ${told} and did ${call.port}.${call.method} for ${work}`);
};
