/** What the commands of dead letters do. */
import { type DeadLetter, type Job, type OperatorPorts, redriveLetter, storyOf, verdictOn } from '@fzip/core';
import { type ExitCode, exitCodes, UsageError } from '../command.ts';
import type { Io } from '../io.ts';
import { bold, counted, dim, green, type Text, yellow } from '../terminal.ts';
import { withFzip } from './world.ts';

/** Newest first. */
const lettersOf = async ({ ledger }: OperatorPorts): Promise<DeadLetter[]> => {
  const letters: DeadLetter[] = [];
  for await (const letter of ledger.buried()) letters.push(letter);
  return letters.sort((one, other) => other.at - one.at || (one.id < other.id ? -1 : 1));
};

const jobOf = async ({ jobs }: OperatorPorts, { jobId }: DeadLetter): Promise<Job | undefined> =>
  jobId === undefined ? undefined : jobs.find(jobId);

const timeOf = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** A cause may have many lines; all of it is shown with the letter. */
const shortened = (cause: string): string => {
  const [line = ''] = cause.split('\n');
  const isWhole = line === cause && line.length <= longestCause;
  return isWhole ? line : `${line.slice(0, longestCause)}…`;
};
const longestCause = 100;

export const listLetters = (io: Io): Promise<ExitCode> =>
  withFzip(io, async (ports) => {
    const letters = await lettersOf(ports);
    const rows: Text[][] = letters.map((letter) => [
      letter.id,
      timeOf(letter.at),
      letter.step,
      letter.jobId ?? 'no job',
      letter.attempt === undefined ? '' : String(letter.attempt),
      letter.resentAt === undefined ? shortened(letter.cause ?? '') : dim(`sent again ${timeOf(letter.resentAt)}`),
    ]);
    if (letters.length === 0) io.line('no dead letters');
    else io.table([['ID', 'WHEN', 'STEP', 'JOB', 'ATTEMPT', 'CAUSE'].map(bold), ...rows]);
    io.document({ ok: true, letters: letters.map(({ body: _, ...letter }) => letter) });
    return exitCodes.intact;
  });

const letterOf = async ({ ledger }: OperatorPorts, id: string): Promise<DeadLetter> => {
  const letter = await ledger.findBuried(id);
  if (letter) return letter;
  throw new UsageError(`"${id}" is no dead letter; allowed are the ids that \`fzip ops dead-letters list\` gives`);
};

export const showLetter = (io: Io, id: string): Promise<ExitCode> =>
  withFzip(io, async (ports) => {
    const letter = await letterOf(ports, id);
    const job = await jobOf(ports, letter);
    const [verdict, story] = [verdictOn(letter, job), storyOf(letter, job)];
    io.line([bold(letter.id), `  ${letter.step}`]);
    io.line(`cause    ${letter.cause ?? 'none was kept'}`);
    if (job) io.line(`job      ${job.jobId}, ${job.status}, attempt ${job.attempt} of ${job.userId}`);
    else io.line(`job      ${letter.jobId === undefined ? 'none is named' : `${letter.jobId}, which is gone`}`);
    if (job?.error) io.line(`error    ${job.error.code}: ${job.error.message}`);
    io.line(`redrive  ${verdict.message}`);
    io.line();
    io.table(story.map(({ at, what }) => [timeOf(at), what]));
    io.line();
    io.line(letter.body);
    const { status, attempt, error, intent } = job ?? {};
    io.document({ ok: true, letter, job: job ? { status, attempt, error, intent } : null, redrive: verdict, story });
    return exitCodes.intact;
  });

export const redriveLetters = (io: Io, id: string | undefined, all: boolean): Promise<ExitCode> => {
  if (all === (id !== undefined)) throw new UsageError('give the id of one letter, or --all');
  return withFzip(io, async (ports) => {
    const letters = id === undefined ? await lettersOf(ports) : [await letterOf(ports, id)];
    const redriven = [];
    for (const letter of letters) {
      const done = await redriveLetter(ports, letter);
      redriven.push({ id: letter.id, ...done });
      io.line([done.outcome === 'resent' ? green(letter.id) : yellow(letter.id), `  ${done.message}`]);
    }
    const resent = redriven.filter(({ outcome }) => outcome === 'resent').length;
    if (all) io.line(`${counted(resent, 'message')} of ${letters.length} sent again`);
    io.document({ ok: true, redriven });
    return exitCodes.intact;
  });
};
