/** Runs steps on ports in memory, message by message, as the queues would: again while a message fails. */
import {
  analyticsRefresh,
  blame,
  buryLetter,
  check,
  clearProfile,
  collect,
  examine,
  type Invocation,
  type Messages,
  type Ports,
  packageVolume,
  request,
  restoreChunk,
  rollback,
  start,
  topology,
  unpack,
  validateVolume,
  verify,
  worldOfMessage,
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
  'backup-examine': examine,
  'restore-start': start,
  'restore-unpack': unpack,
  'restore-check': check,
  'restore-accounts': restoreChunk('accounts'),
  'restore-categories': restoreChunk('categories'),
  'restore-file-maps': restoreChunk('file_maps'),
  'restore-transaction-files': restoreChunk('transaction_files'),
  'restore-transactions': restoreChunk('transactions'),
  'restore-analytics': restoreChunk('analytics'),
  'restore-verify': verify,
  'restore-rollback': rollback,
  'analytics-refresh': analyticsRefresh,
  'profile-clear': clearProfile,
};

/** Handles one message with the step it was sent to. */
export const handle = (ports: Ports, { step, message }: SentMessage): Promise<string> =>
  (run[step] as (ports: Ports, message: unknown) => Promise<string>)(worldOfMessage(ports, message), message);

/** An invocation of its own for every message, as long as its function may run. */
const invocation = (memory: MemoryPorts, { step }: SentMessage): Invocation => ({
  id: memory.newId(),
  deadline: memory.time.now + topology[step].timeoutSeconds * 1_000,
});

/** Handles messages until none is left; one that fails comes again, five times at most, and is then a dead letter. Returns how many failures there were. `atMost` messages are handled. */
export const drain = async (
  memory: MemoryPorts,
  ports: Ports = memory,
  atMost = Number.POSITIVE_INFINITY,
): Promise<number> => {
  let [failures, handled] = [0, 0];
  const receives = new Map<SentMessage, number>();
  while (handled < atMost) {
    const next = memory.queues.sent.shift();
    if (!next) break;
    handled += 1;
    try {
      await handle({ ...ports, invocation: invocation(memory, next) }, next);
    } catch (error) {
      failures += 1;
      await blame(ports, { step: next.step, messageId: 'message-1' }, next.message, error);
      const received = (receives.get(next) ?? 0) + 1;
      receives.set(next, received);
      // It stays hidden for as long, and so comes again when the lease of the one that failed is over.
      memory.time.now += topology[next.step].visibilitySeconds * 1_000;
      if (received < topology[next.step].maxReceiveCount) memory.queues.sent.push(next);
      else await buryLetter(ports, next.step, JSON.stringify(next.message), 'message-1');
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

/** Side effects of the ports, by name. */
const effects = {
  jobs: ['create', 'change', 'report', 'announce'],
  ledger: ['put', 'mark', 'lease', 'release', 'tally', 'lockProfile', 'unlockProfile'],
  profiles: ['putOwn', 'putFresh', 'deleteOwn'],
  scratch: ['putOwn', 'putFresh', 'deleteOwn'],
  files: ['put', 'upload', 'deleteVersion'],
  packages: ['put', 'upload', 'delete', 'copy'],
  queues: ['send'],
  events: ['publish'],
} as const;

/** The same ports, whose n-th side effect fails: before it happens, or after. Counts side effects. */
export const failing = (
  ports: MemoryPorts,
  nth: number,
  when: 'before' | 'after',
): { ports: Ports; calls(): number } => {
  let calls = 0;
  const wrap = <T extends object>(port: T, names: readonly string[]): T =>
    new Proxy(port, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function' || !names.includes(String(name))) return member;
        return async (...parameters: unknown[]) => {
          calls += 1;
          const fails = calls === nth;
          if (fails && when === 'before') throw new Error(`call ${nth} failed before its effect`);
          const result: unknown = await Reflect.apply(member, target, parameters);
          if (fails) throw new Error(`call ${nth} failed after its effect`);
          return result;
        };
      },
    });
  const wrapped: Ports = { ...ports };
  for (const [port, names] of Object.entries(effects)) {
    const name = port as keyof typeof effects;
    Object.assign(wrapped, { [name]: wrap(ports[name], names) });
  }
  return { ports: wrapped, calls: () => calls };
};
