/** The bounds of work, each configurable: tests make them small, large profiles keep them. */
export type Limits = {
  /** A chunk is closed when it holds this many rows or bytes of NDJSON, whichever comes first. */
  chunkRows: number;
  chunkBytes: number;
  /** Files of a restore that are written as one chunk, and their bytes. */
  chunkFiles: number;
  chunkFileBytes: number;
  /** A volume is closed at this many planned stored bytes, or this many entries. FORMAT.md section 1. */
  volumeBytes: number;
  volumeEntries: number;
  /** Files up to this size are read ahead as a whole, several at a time; larger ones are streamed. */
  smallFileBytes: number;
  filesAhead: number;
  /** The largest source file that a presigned POST could bring back. */
  largestFileBytes: number;
  /** Of one user: jobs that work at the same time, and bytes of packages that are kept. */
  runningJobs: number;
  storedBytes: number;
  /** Jobs that one user may ask for in a minute, of whatever type. */
  jobsPerMinute: number;
  /** Jobs of each status, and folders, that one sweep looks at; the next one goes on behind them. */
  sweptAtMost: number;
  /** How often reading one file is tried before it is a failed file. */
  fileTries: number;
  /** Transactions of one collecting piece, about, and the most pieces that a backup's transactions are read in. */
  rangeRows: number;
  rangesAtMost: number;
  /** A step sends itself on when less than this of its time is left. */
  handOverMs: number;
  /** Uncompressed bytes of a set of volumes that one invocation checks together. */
  setCheckBytes: number;
  /** Ids that a comparison holds at a time, of 21 to 43 bytes each; of a larger profile it looks several times. */
  idsAtOnce: number;
  /** The largest package that HouseF3's own restore takes. HOUSEF3.md, rule W7. */
  housef3Bytes: number;
  /** Rows of a backup that a round trip proves. */
  roundTripRows: number;
  /** Passes over a moving range before what moves is stated instead. */
  passes: number;
};

const MiB = 1024 * 1024;

export const defaultLimits: Limits = {
  chunkRows: 5_000,
  chunkBytes: 8 * MiB,
  chunkFiles: 200,
  chunkFileBytes: 1024 * MiB,
  volumeBytes: 1024 * MiB,
  volumeEntries: 20_000,
  smallFileBytes: 1 * MiB,
  filesAhead: 8,
  largestFileBytes: 4_900_000_000,
  runningJobs: 10,
  storedBytes: 256 * 1024 * MiB,
  jobsPerMinute: 60,
  sweptAtMost: 10_000,
  fileTries: 3,
  rangeRows: 250_000,
  rangesAtMost: 8,
  handOverMs: 60_000,
  setCheckBytes: 8 * 1024 * MiB,
  idsAtOnce: 3_000_000,
  housef3Bytes: 500 * MiB,
  roundTripRows: 100_000,
  passes: 3,
};

const minute = 60_000;
export const hour = 60 * minute;

/** Times in ms. */
export const times = {
  /** How long a backup is kept unless asked otherwise, and at most. DESIGN.md section 5. */
  backupKept: 24 * hour,
  backupKeptAtMost: 365 * 24 * hour,
  /** How long before its end a backup's user is told of it. */
  expiringBefore: 2 * hour,
  /** The longest an API request may take: API Gateway ends it then. */
  requestAtMost: 29_000,
  /** How long a presigned URL is good for. */
  presigned: 15 * minute,
  /** Progress is written no oftener than this. */
  progressEvery: 2_000,
  /** A job without heartbeat for this long is stuck: longer than the longest invocation and its redelivery. */
  stuckAfter: 35 * minute,
  /** How long a rollback may take before somebody is called. */
  rollbackAlarm: hour,
  /** How long after its writer's time, or after it failed, a write may still land: clocks differ, and calls are under way. */
  landing: 15_000,
  /** How long a restore waits for its package, and for its confirmation. */
  waitsAtMost: 24 * hour,
  /** How long staging of a failed job stays, so that a retry may use it. */
  retryWindow: 24 * hour,
  /** How long DynamoDB keeps a job's row after its objects are gone. */
  rowKept: 30 * 24 * hour,
  /** How long after its end a job is still looked at for a lock that came too late: longer than any invocation. */
  lockLooked: 30 * minute,
  /** How long a send or publish may be outstanding before the sweep repeats it. */
  announceAfter: 1 * minute,
} as const;

/** How long a job of each type may take before somebody should look, ms: several times what a million rows take. */
export const promised = {
  backup: 15 * minute,
  restore: 60 * minute,
  clear: 60 * minute,
  validation: 60 * minute,
} as const;

/** Re-drives of a stuck job before it is failed. */
export const redrivesAtMost = 2;
