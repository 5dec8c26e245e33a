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

/** Functions that are no step: the API, the sweep on its schedule, and the one consumer of all dead-letter queues. */
export const otherFunctions = {
  /** API Gateway gives up after 30 s. */
  api: { timeoutSeconds: 30, memoryMb: 1024 },
  /** Ends before the next begins. */
  sweep: { timeoutSeconds: 240, memoryMb: 1024 },
  'dead-letter': { timeoutSeconds: 120, memoryMb: 1024 },
} as const;

export type OtherFunction = keyof typeof otherFunctions;
export type FunctionName = Step | OtherFunction;
export const functionNames: readonly FunctionName[] = [...steps, ...(Object.keys(otherFunctions) as OtherFunction[])];

/** Every dead-letter queue. What its consumer fails at stays: there is nowhere else to send it. */
export const deadLetters = {
  ...otherFunctions['dead-letter'],
  visibilitySeconds: 720,
  batchSize: 10,
  /** The least that an event source mapping takes. */
  maxConcurrency: 2,
  /** The longest that SQS keeps a message. */
  retentionSeconds: 14 * 24 * 3600,
} as const;

/** What of the packages bucket a step hears of. DESIGN.md section 3. */
export const uploads = {
  step: 'restore-start',
  prefix: 'uploads/',
  suffix: '.fzip',
  events: ['s3:ObjectCreated:*'],
} as const satisfies { step: Step; [rule: string]: unknown };

/** Steps whose messages are events as they are published, and which of them: the filter policy of each subscription. */
export const subscriptions = {
  'analytics-refresh': { eventType: ['restore.completed'] },
} as const satisfies { [step in Step]?: { eventType: readonly string[] } };

/** Paths of the API that need no token, asked by GET. */
export const publicPaths = ['/fzip/openapi.json', '/openapi.json'] as const;

export const queueName = (step: Step): string => step;
export const deadLetterQueueName = (step: Step): string => `${step}-dlq`;
/** The environment variable that holds a step's queue URL: `FZIP_QUEUE_BACKUP_COLLECT`. */
export const queueVariable = (step: Step): string => `FZIP_QUEUE_${step.toUpperCase().replaceAll('-', '_')}`;
