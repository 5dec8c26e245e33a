/** Every step of FZIP: its queue, its function, and the bounds both live by. Read by the stacks and the embedded runtime alike. */

/** A step that works in chunks, or one that holds a whole volume. DESIGN.md section 3, "Timeouts". */
const chunkStep = { timeoutSeconds: 120, visibilitySeconds: 720, memoryMb: 1024, batchSize: 10, maxConcurrency: 20 };
const longStep = { timeoutSeconds: 900, visibilitySeconds: 930, memoryMb: 1769, batchSize: 1, maxConcurrency: 20 };
/** Receives before a message is dead-lettered. */
const receives = { maxReceiveCount: 5 };

/** A collect message reads for minutes and then sends itself on, so it has a function of its own length. */
const collectStep = { ...longStep, memoryMb: 1024 };

export const topology = {
  'backup-request': { ...chunkStep, ...receives },
  'backup-collect': { ...collectStep, ...receives },
  'backup-package': { ...longStep, ...receives },
  'backup-validate': { ...longStep, ...receives },
  'backup-examine': { ...longStep, ...receives },
  'restore-start': { ...longStep, ...receives },
  'restore-unpack': { ...longStep, ...receives },
  'restore-check': { ...chunkStep, ...receives },
  'restore-accounts': { ...chunkStep, ...receives },
  'restore-categories': { ...chunkStep, ...receives },
  'restore-file-maps': { ...chunkStep, ...receives },
  'restore-transaction-files': { ...longStep, ...receives },
  'restore-transactions': { ...chunkStep, ...receives },
  'restore-analytics': { ...chunkStep, ...receives },
  'restore-verify': { ...longStep, ...receives },
  'restore-rollback': { ...longStep, ...receives },
  'analytics-refresh': { ...chunkStep, ...receives },
  'profile-clear': { ...longStep, ...receives },
} as const satisfies Record<string, StepRules>;

export type StepRules = {
  /** The longest an invocation may run. */
  timeoutSeconds: number;
  /** How long a received message stays hidden. Longer than the timeout, or a living consumer would be doubled. */
  visibilitySeconds: number;
  memoryMb: number;
  /** Messages in one invocation. */
  batchSize: number;
  maxReceiveCount: number;
  /** Invocations side by side, set at the event source mapping. */
  maxConcurrency: number;
};

export type Step = keyof typeof topology;

export const steps = Object.keys(topology) as Step[];

/** How often the sweep runs. */
export const sweepEverySeconds = 300;

export const queueName = (step: Step): string => step;
export const deadLetterQueueName = (step: Step): string => `${step}-dlq`;
/** The environment variable that holds a step's queue URL: `FZIP_QUEUE_BACKUP_COLLECT`. */
export const queueVariable = (step: Step): string => `FZIP_QUEUE_${step.toUpperCase().replaceAll('-', '_')}`;
