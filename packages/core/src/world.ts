/**
 * The world that work is done in: everybody's, or that of a round trip, in which the same steps restore and back up in tables and
 * room of their own, tell nobody, and wake the validation that they are for.
 */
import * as z from 'zod';
import { derivedId, Work } from './ids.ts';
import type { Messages } from './messages.ts';
import type { Ports } from './ports.ts';
import { prefixed } from './prefixed.ts';

/** Files that round trips restore, in the packages bucket: each under the key that it would have in file storage. */
const scratchPrefix = 'scratch/';

/** The jobs of a round trip: always the same, however often it is begun. */
export const roundTripJobs = ({ jobId, attempt }: Work): { restoreId: string; backupId: string } => ({
  restoreId: derivedId(`${jobId}:${attempt}:restore`),
  backupId: derivedId(`${jobId}:${attempt}:backup`),
});

/** How far the validation is when its restore, or its backup, begins; and what that is worth of it, in percent. */
const shares = { restore: { from: 2, worth: 53 }, backup: { from: 55, worth: 35 } };

/** @param of a message or a job: either says whether it is part of a round trip */
export const worldOf = (ports: Ports, { roundTrip }: { roundTrip?: Work | undefined }): Ports =>
  roundTrip === undefined || ports.roundTrip !== undefined ? ports : scratchWorld(ports, roundTrip);

const Marked = z.object({ roundTrip: Work });

/** The same for a message as it came from its queue. */
export const worldOfMessage = (ports: Ports, message: unknown): Ports =>
  worldOf(ports, Marked.safeParse(message).data ?? {});

const scratchWorld = (ports: Ports, roundTrip: Work): Ports => {
  const lockOf = (userId: string) => `scratch#${userId}`;
  return {
    ...ports,
    roundTrip,
    // It proves a backup and is none.
    measure: () => undefined,
    profiles: ports.scratch,
    files: prefixed(ports.packages, scratchPrefix),
    jobs: {
      ...ports.jobs,
      // Also the heartbeat of the validation, which does nothing itself meanwhile.
      report: async (jobId, attempt, at, progress) => {
        await ports.jobs.report(jobId, attempt, at, progress);
        const { from, worth } = shares[jobId === roundTripJobs(roundTrip).restoreId ? 'restore' : 'backup'];
        const percent = Math.floor(from + (progress.percent * worth) / 100);
        await ports.jobs.report(roundTrip.jobId, roundTrip.attempt, at, { percent, phase: 'validating' });
      },
    },
    ledger: {
      ...ports.ledger,
      lockProfile: (userId, holder, from) => ports.ledger.lockProfile(lockOf(userId), holder, from),
      unlockProfile: (userId, jobId) => ports.ledger.unlockProfile(lockOf(userId), jobId),
    },
    queues: {
      send: (step, messages, user, options) =>
        ports.queues.send(
          step,
          messages.map((message) => marked(message, roundTrip)),
          user,
          options,
        ),
    },
    events: {
      publish: async ({ type, data }) => {
        if (type.endsWith('.initiated')) return;
        // It is looked at whether that is what the validation waits for; here it is enough that something ended.
        const piece = type.startsWith('restore') ? 1 : 2;
        await ports.queues.send('backup-examine', [{ ...roundTrip, piece }], data.userId);
      },
    },
  };
};

const marked = <M extends Messages[keyof Messages]>(message: M, roundTrip: Work): M =>
  'jobId' in message ? { ...message, roundTrip } : message;
