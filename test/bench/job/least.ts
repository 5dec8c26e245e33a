/** The least requests that the services allow for what a job did. DESIGN.md section 9. */
import type { JobFigures } from '../job-child.ts';

export type Least = {
  /** `query pages`, `batch writes`, … */
  name: string;
  found: number;
  least: number;
};
export type Line = JobFigures & { least: Least[] };

const MiB = 2 ** 20;
/** A query page ends at 1 MB; half a unit is 4 KB read eventually consistent. */
const page = { bytes: MiB, unitBytes: 8 * 1024 };
const partBytes = 8 * MiB;
const rowsPerBatch = 25;

const all = ({ steps }: JobFigures, of: 'calls' | 'units', pattern: RegExp): number =>
  steps
    .flatMap(({ requests }) => Object.entries(requests[of]))
    .reduce((sum, [name, count]) => (pattern.test(name) ? sum + count : sum), 0);

/** Of the calls that carry the profile itself: bookkeeping, counting and the second look are listed apart. */
export const leastRequests = (job: JobFigures): Least[] => {
  const least: Least[] = [];
  const add = (name: string, found: number, fewest: number): void => {
    if (found > 0) least.push({ name, found, least: Math.max(1, fewest) });
  };
  const read = /^dynamodb\.Query \S*transactions$/;
  add('query pages', all(job, 'calls', read), Math.ceil((all(job, 'units', read) * page.unitBytes) / page.bytes));
  const { idMode, transactions } = job.size;
  if (idMode === undefined)
    add('upload parts', all(job, 'calls', /^s3\.UploadPart packages$/), Math.ceil(job.packageBytes / partBytes));
  const puts = all(job, 'calls', /^dynamodb\.PutItem \S*transactions$/);
  const batches = all(job, 'calls', /^dynamodb\.BatchWriteItem \S*transactions$/);
  if (idMode === 'remap') add('batch writes', batches, Math.ceil(transactions / rowsPerBatch));
  if (idMode === 'preserve') add('conditional puts', puts, transactions);
  return least;
};

/** Bounds of DESIGN.md section 9. */
export const bounds = {
  memoryBytes: 256 * MiB,
  requests: 1.05,
  /** Rows from which on requests are bound: below, the last page of each piece is a large share. */
  requestsFrom: 100_000,
};
