/** Working on a piece while nobody else does. Rule 3 of DESIGN.md section 3. */
import type { LedgerScope, Ports } from './ports.ts';
import { Busy } from './settle.ts';

/**
 * To be asked right before every write into a profile: whoever waits for a lease to end relies on its holder having stopped, and a
 * process may have slept since its last answer came. @throws Error when the invocation's time is over
 */
export const requireTime = (ports: Pick<Ports, 'clock' | 'invocation'>, what: string): void => {
  if (ports.clock() >= ports.invocation.deadline) throw new Error(`no time left to ${what}`);
};

/** @throws Busy while another consumer's lease lives */
export const leased = async <T>(ports: Ports, scope: LedgerScope, n: number, work: () => Promise<T>): Promise<T> => {
  const { id: owner, deadline: until } = ports.invocation;
  if (!(await ports.ledger.lease(scope, n, { owner, until, now: ports.clock() }))) {
    const held = (await ports.ledger.leaseUntil(scope, n)) ?? ports.clock();
    throw new Busy(`${scope.step} ${n + 1} of job ${scope.jobId}`, Math.max(0, held - ports.clock()));
  }
  try {
    return await work();
  } finally {
    await ports.ledger.release(scope, n, owner);
  }
};
