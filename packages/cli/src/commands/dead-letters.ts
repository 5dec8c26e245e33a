/** `fzip ops dead-letters`: messages that failed for good, for whoever operates FZIP. */
import type { CommandOf } from '../command.ts';

const where = `
Of the FZIP whose job table and queues the environment names (FZIP_JOBS_TABLE, FZIP_QUEUE_…; credentials and addresses as the AWS SDK
reads them), else of the embedded runtime in .fzip (FZIP_HOME).`;

/** Loaded when they are needed: no other command needs the AWS SDK. */
const load = () => import('../ops/dead-letters.ts');

export const listLettersCommand: CommandOf = {
  name: 'ops dead-letters list',
  summary: 'messages that failed for good, newest first',
  about: `${where}
JSON: {ok, letters: [{id, step, at, jobId?, attempt?, user?, cause?, resentAt?}]}; times in ms since epoch.`,
  arguments: [],
  options: [],
  examples: [{ line: 'fzip ops dead-letters list', about: 'job, step, cause, when and attempt of each' }],
  run: async (io) => (await load()).listLetters(io),
};

export const showLetterCommand: CommandOf = {
  name: 'ops dead-letters show',
  summary: 'one of them: the message, its error, its job and what happened',
  about: `${where}
JSON: {ok, letter, job: {status, attempt, error?, intent?}|null, redrive: {outcome, message}, story: [{at, what}]}.`,
  arguments: [{ name: '<id>', about: 'as `fzip ops dead-letters list` gives it' }],
  options: [],
  examples: [{ line: 'fzip ops dead-letters show ID', about: 'and what a redrive would do' }],
  run: async (io, [id = '']) => (await load()).showLetter(io, id),
};

export const redriveLettersCommand: CommandOf = {
  name: 'ops dead-letters redrive',
  summary: 'send messages to their steps again, or say what helps instead',
  about: `A message is sent again if its attempt is the job's and the job still moves. Of a job that has failed it says what helps: a retry, or a new
backup. Twice is once: what fails again is a dead letter of its own.
${where}
JSON: {ok, redriven: [{id, outcome: "resent"|"resent-before"|"advised"|"left", message, advice?, why?}]}.`,
  arguments: [{ name: '[id]', about: 'as `fzip ops dead-letters list` gives it' }],
  options: [{ flags: '--all', about: 'every one of them' }],
  examples: [
    { line: 'fzip ops dead-letters redrive ID', about: 'one message' },
    { line: 'fzip ops dead-letters redrive --all', about: 'when an outage is over' },
  ],
  run: async (io, [id], { all }) => (await load()).redriveLetters(io, id, all === true),
};
