/** A message that failed for good: kept for the operator, and its job ended with the cause. Never silent. */
import { ZodError, type z } from 'zod';
import { jobOfMessage } from './backup/request.ts';
import { derivedId } from './ids.ts';
import { BackupRequestMessage, WorkMessage } from './messages.ts';
import type { Ports } from './ports.ts';
import { jobOfUpload, startMessages } from './restore/start.ts';
import { intend, standing } from './settle.ts';
import type { Step } from './topology.ts';
import { worldOf } from './world.ts';

/** Characters of a cause, and of a body, that are kept. */
const kept = { cause: 1_000, body: 100_000 };

/** Notes why a step failed, so that a dead letter can say more than that there is one. Never fails itself. */
export const blame = async (
  ports: Ports,
  { step, messageId }: { step: Step; messageId: string },
  body: unknown,
  error: unknown,
): Promise<void> => {
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  try {
    const work = (await workOf(ports, step, body, messageId)) ?? stranger(messageId);
    await ports.ledger.blame(work, step, why.slice(0, kept.cause));
  } catch {
    // The failure that is told of matters more than that it could not be noted.
  }
};

/** Whose work a message is; an upload's notification names its job by the key. */
const workOf = async (
  ports: Ports,
  step: Step,
  body: unknown,
  messageId: string,
): Promise<z.infer<typeof WorkMessage> | undefined> => {
  if (step === 'backup-request') {
    const { data } = BackupRequestMessage.safeParse(body);
    return data && { jobId: jobOfMessage(data, messageId), attempt: data.attempt, roundTrip: data.roundTrip };
  }
  if (step !== 'restore-start') {
    const { data } = WorkMessage.safeParse(body);
    return data;
  }
  try {
    const [upload] = startMessages(body);
    const job = upload && (await jobOfUpload(ports, upload.key));
    return job && { jobId: job.jobId, attempt: job.attempt };
  } catch (error) {
    if (error instanceof ZodError) return undefined;
    throw error;
  }
};

/** What a message that is no job's is blamed under: its own name, which it keeps to the end. */
const stranger = (messageId: string) => ({ jobId: derivedId(`message:${messageId}`), attempt: 1 });

export type Buried = 'job-failed' | 'no-job';

/** @param body the message as it came, however broken; @param messageId what SQS named it; @param user by whom SQS served it */
export const buryLetter = async (
  ports: Ports,
  step: Step,
  body: string,
  messageId: string,
  user?: string,
): Promise<Buried> => {
  const work = await workOf(ports, step, parsed(body), messageId);
  const why = await ports.ledger.blamed(work ?? stranger(messageId), step);
  const cause = why ?? (work ? 'no cause was kept' : 'the message names no job');
  await ports.ledger.bury({
    id: derivedId(`dead:${step}:${messageId}`),
    step,
    body: body.slice(0, kept.body),
    ...(body.length > kept.body ? { bodyBytes: Buffer.byteLength(body) } : {}),
    at: ports.clock(),
    cause,
    ...(work ? { jobId: work.jobId, attempt: work.attempt } : {}),
    ...(user === undefined ? {} : { user }),
  });
  if (!work) return 'no-job';
  const world = worldOf(ports, work);
  await intend(world, work, {
    kind: 'fail',
    code: 'STEP_FAILED',
    message: `${step} failed again and again: ${cause}`,
  });
  await standing(world, work);
  return 'job-failed';
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};
