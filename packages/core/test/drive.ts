/** Runs steps on ports in memory, message by message, as the queues would: again while a message fails. */
import {
  blame,
  buryLetter,
  collect,
  type Messages,
  type Ports,
  packageVolume,
  request,
  topology,
  validateVolume,
} from '@fzip/core';
import { entityKinds } from '@fzip/format';
import { sampleProfile } from '@fzip/sample';
import type { MemoryPorts, SentMessage } from '@fzip/testing';

type Run = { [step in keyof Messages]: (ports: Ports, message: Messages[step]) => Promise<string> };

const run: Run = {
  'backup-request': (ports, message) => request(ports, message, 'message-1'),
  'backup-collect': collect,
  'backup-package': packageVolume,
  'backup-validate': validateVolume,
};

/** Handles one message with the step it was sent to. */
export const handle = (ports: Ports, { step, message }: SentMessage): Promise<string> =>
  (run[step] as (ports: Ports, message: unknown) => Promise<string>)(ports, message);

/** Handles messages until none is left; one that fails comes again, five times at most, and is then a dead letter. Returns how many failures there were. */
export const drain = async (memory: MemoryPorts, ports: Ports = memory): Promise<number> => {
  let failures = 0;
  const receives = new Map<SentMessage, number>();
  for (let next = memory.queues.sent.shift(); next; next = memory.queues.sent.shift()) {
    try {
      await handle(ports, next);
    } catch (error) {
      failures += 1;
      await blame(ports, next.step, next.message, error);
      const received = (receives.get(next) ?? 0) + 1;
      receives.set(next, received);
      if (received < topology[next.step].maxReceiveCount) memory.queues.sent.push(next);
      else await buryLetter(ports, next.step, JSON.stringify(next.message), `message-${failures}`);
    }
  }
  return failures;
};

/** Puts a sample profile into ports in memory. */
export const fill = async (
  ports: MemoryPorts,
  userId: string,
  size: { transactions: number; files: number; seed?: number },
): Promise<void> => {
  const profile = sampleProfile({ userId, ...size });
  for (const kind of entityKinds) for (const row of profile.rows(kind)) ports.profiles.put(kind, [row]);
  for (const file of profile.files()) await ports.files.put(file.s3Key, file.bytes());
};
