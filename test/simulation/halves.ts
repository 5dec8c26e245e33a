/** What is left of a call that is done in part. */

type Halve = (parameters: readonly unknown[]) => unknown[];

const first = <T>(of: readonly T[]): T[] => of.slice(0, Math.floor(of.length / 2));

const rows: Readonly<Record<string, Halve>> = {
  putOwn: ([userId, kind, all]) => [userId, kind, first(all as unknown[])],
  putFresh: ([kind, all]) => [kind, first(all as unknown[])],
  deleteOwn: ([userId, kind, all]) => [userId, kind, first(all as unknown[])],
};
const objects: Readonly<Record<string, Halve>> = { delete: ([keys]) => [first(keys as unknown[])] };

const halves: Readonly<Record<string, Readonly<Record<string, Halve>>>> = {
  profiles: rows,
  scratch: rows,
  packages: objects,
  files: objects,
  queues: { send: ([step, messages, ...rest]) => [step, first(messages as unknown[]), ...rest] },
};

/** How a call is done in part; undefined if it is done as a whole or not at all. */
export const halfOf = (port: string, method: string): Halve | undefined => halves[port]?.[method];
