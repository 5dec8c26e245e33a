/** A message that failed for good: kept for the operator, and its job ended with the cause. Never silent. */
import { derivedId } from './ids.ts';
import { WorkMessage } from './messages.ts';
import type { Ports } from './ports.ts';
import { intend, standing } from './settle.ts';
import type { Step } from './topology.ts';

/** Characters of a cause, and of a body, that are kept. */
const kept = { cause: 1_000, body: 100_000 };

/** Notes why a step failed, so that a dead letter can say more than that there is one. Never fails itself. */
export const blame = async (ports: Ports, step: Step, body: unknown, error: unknown): Promise<void> => {
  const work = WorkMessage.safeParse(body);
  if (!work.success) return;
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  await ports.ledger.blame(work.data, step, why.slice(0, kept.cause)).catch(() => undefined);
};

export type Buried = 'job-failed' | 'no-job';

/** @param body the message as it came, however broken; @param messageId what SQS named it */
export const buryLetter = async (ports: Ports, step: Step, body: string, messageId: string): Promise<Buried> => {
  const work = WorkMessage.safeParse(parsed(body));
  const why = work.success ? await ports.ledger.blamed(work.data, step) : undefined;
  const cause = why ?? (work.success ? 'no cause was kept' : 'the message names no job');
  await ports.ledger.bury({
    id: derivedId(`dead:${step}:${messageId}`),
    step,
    body: body.slice(0, kept.body),
    at: ports.clock(),
    cause,
    ...(work.success ? { jobId: work.data.jobId } : {}),
  });
  if (!work.success) return 'no-job';
  await intend(ports, work.data, {
    kind: 'fail',
    code: 'STEP_FAILED',
    message: `${step} failed again and again: ${cause}`,
  });
  await standing(ports, work.data);
  return 'job-failed';
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};
