/** The validation that proves that a package restores: what it finds, what it leaves, and what crashes do to it. */
import { Busy, createExamination, deleteBackup, differencesOf, type Ports, qualityNow, sweep } from '@fzip/core';
import { entityKinds, type Row } from '@fzip/format';
import type { MemoryPorts, SentMessage } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, failing, fill, handle } from './drive.ts';
import { backedUp, examined, find, user } from './examining.ts';

const minute = 60_000;
const everyCall = process.env.FZIP_LONG === '1';
const longTimeout = 1_800_000;
/** Two or three chunks a kind: enough for a crash between any two, and every call takes its time to try. */
const fewChunks = { chunkRows: 20 };

/** Everything that is anybody's: rows, files, jobs that are shown, events. A round trip adds none of these. */
const world = async (ports: MemoryPorts) => ({
  rows: entityKinds.map((kind) => ports.profiles.rows(kind)),
  files: [...ports.files.objects.keys()],
  backups: (await ports.jobs.list(user, 'backup', { limit: 100 })).jobs.map(({ jobId }) => jobId),
  restores: (await ports.jobs.list(user, 'restore', { limit: 100 })).jobs.map(({ jobId }) => jobId),
  events: ports.events.published.length,
  stale: [...ports.profiles.stale],
});

/** What a round trip may leave nowhere. */
const leftBehind = (ports: MemoryPorts): string[] => [
  ...entityKinds.flatMap((kind) => ports.scratch.rows(kind).map(() => `a row of ${kind}`)),
  ...[...ports.packages.objects.keys()].filter((key) => key.startsWith('scratch/')),
  ...ports.jobs.all().flatMap(({ roundTrip, jobId }) => (roundTrip ? [`job ${jobId}`] : [])),
];

const swept = (ports: MemoryPorts) =>
  sweep({ ...ports, invocation: { id: ports.newId(), deadline: ports.time.now + 15 * minute } });

describe('a round trip', () => {
  test('of a good package proves it, in a world of its own', async () => {
    const { ports, backupId } = await backedUp();
    await fill(ports, 'bob', { transactions: 5, files: 1, seed: 9 });
    const before = await world(ports);
    const backup = await find(ports, backupId);
    const { examined: found, status } = await examined(ports, backupId, 'round_trip');
    expect(status).toBe('validation_completed');
    expect(found).toMatchObject({
      ok: true,
      damaged: false,
      issues: [],
      counts: backup.summary?.counts,
      files: 3,
      differencesCount: 0,
    });
    expect(found?.differences?.transactions).toEqual({ same: 40, added: 0, removed: 0, changed: 0 });
    expect(await world(ports)).toEqual(before);
    expect(leftBehind(ports)).toEqual([]);
    expect((await find(ports, backupId)).examinations?.round_trip).toMatchObject({ ok: true, damaged: false });
  });

  test('of a set proves it, and finds it damaged if a volume is gone', async () => {
    const { ports, backupId } = await backedUp({ volumeBytes: 3_000 });
    const { packages = [] } = await find(ports, backupId);
    expect(packages.length).toBeGreaterThan(1);
    const { examined: found } = await examined(ports, backupId, 'round_trip');
    expect(found).toMatchObject({ ok: true, damaged: false, files: 3, differencesCount: 0 });
    expect(leftBehind(ports)).toEqual([]);
    await ports.packages.delete([packages.at(-1)?.key ?? '']);
    const { examined: lacking } = await examined(ports, backupId, 'round_trip');
    expect(lacking).toMatchObject({ ok: false, issues: [`volume ${packages.length} is gone from the storage`] });
  });

  test('of a part of a profile, and of one with analytics, proves it too', async () => {
    for (const parameters of [{ backupType: 'accounts_only' }, { includeAnalytics: true }] as const) {
      const { ports, backupId } = await backedUp({}, parameters);
      const { examined: found } = await examined(ports, backupId, 'round_trip');
      expect(found).toMatchObject({ ok: true, issues: [], differencesCount: 0 });
      expect(leftBehind(ports)).toEqual([]);
    }
  });

  test('of a package that the strict reader refuses finds it damaged, until it is restored', async () => {
    const { ports, backupId } = await backedUp();
    const { validation, packages: [stored] = [] } = await find(ports, backupId);
    const bytes = ports.packages.objects.get(stored?.key ?? '')?.bytes;
    if (!bytes) throw new Error('no package');
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    const { examined: found } = await examined(ports, backupId, 'round_trip');
    expect(found).toMatchObject({ ok: false, damaged: true });
    expect(found?.issues.length).toBeGreaterThan(0);
    expect(leftBehind(ports)).toEqual([]);
    expect(qualityNow(await find(ports, backupId))).toMatchObject({ overall_quality: 'poor' });
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    // Right bytes are no proof that it restores.
    ports.time.now += minute;
    await examined(ports, backupId, 'deep');
    expect(qualityNow(await find(ports, backupId))).toMatchObject({ overall_quality: 'poor' });
    ports.time.now += minute;
    await examined(ports, backupId, 'round_trip');
    expect(qualityNow(await find(ports, backupId))).toEqual(validation);
  });

  test.each(['changed', 'removed'] as const)('names the row that is %s when it is read again', async (change) => {
    const { ports, backupId } = await backedUp();
    const { job } = await createExamination(ports, { userId: user, backupId, mode: 'round_trip' });
    // As a store that forgets: right until the restore has verified it.
    let altered: Row | undefined;
    const forgets: Ports = {
      ...ports,
      scratch: {
        ...ports.scratch,
        page: async (query) => {
          const restore = ports.jobs.all().find(({ status }) => status === 'restore_completed');
          const [row] = ports.scratch.rows('transactions');
          if (restore && !altered && row) {
            altered = row;
            if (change === 'removed') ports.scratch.remove('transactions', row);
            else ports.scratch.put('transactions', [{ ...row, description: 'another' }]);
          }
          return ports.scratch.page(query);
        },
      },
    };
    await drain(ports, forgets);
    const { examined: found } = await find(ports, job.jobId);
    expect(found).toMatchObject({ ok: false, damaged: true, differencesCount: 1 });
    expect(found?.differences?.transactions?.[change]).toBe(1);
    const [difference] = await differencesOf(ports, await find(ports, job.jobId));
    expect(difference).toMatchObject({
      kind: 'transactions',
      id: altered?.transactionId,
      change,
      ...(change === 'changed' ? { fields: ['description'] } : {}),
    });
    expect(leftBehind(ports)).toEqual([]);
  });

  test('that cannot be made says nothing of the package, and leaves nothing', async () => {
    const { ports, backupId } = await backedUp();
    const { job } = await createExamination(ports, { userId: user, backupId, mode: 'round_trip' });
    const putOwn = () => Promise.reject(new Error('the tables are on fire'));
    await drain(ports, { ...ports, scratch: { ...ports.scratch, putOwn } });
    const failed = await find(ports, job.jobId);
    expect(failed).toMatchObject({ status: 'validation_failed', error: { code: 'ROUND_TRIP_FAILED' } });
    expect(failed.error?.message).toContain('the tables are on fire');
    expect((await find(ports, backupId)).examinations).toBeUndefined();
    expect(leftBehind(ports)).toEqual([]);
  });

  test('waits for another one of the same user, and not for those of others', async () => {
    const { ports, backupId } = await backedUp();
    const ask = () => createExamination(ports, { userId: user, backupId, mode: 'round_trip' });
    const { job: first } = await ask();
    const [begin] = ports.queues.sent;
    if (!begin) throw new Error('no message');
    await handle(ports, begin);
    const { job: second } = await ask();
    const message = { jobId: second.jobId, attempt: 1, piece: 0 };
    await expect(handle(ports, { step: 'backup-examine', message, user } as SentMessage)).rejects.toThrow(Busy);
    ports.queues.sent.splice(ports.queues.sent.indexOf(begin), 1);
    const waiting = ports.queues.sent.splice(
      ports.queues.sent.findIndex((sent) => 'jobId' in sent.message && sent.message.jobId === second.jobId),
      1,
    );
    await drain(ports);
    expect(await find(ports, first.jobId)).toMatchObject({ status: 'validation_completed', examined: { ok: true } });
    ports.queues.sent.push(...waiting);
    await drain(ports);
    expect(await find(ports, second.jobId)).toMatchObject({ status: 'validation_completed', examined: { ok: true } });
    expect(leftBehind(ports)).toEqual([]);
  });

  test('whose backup is deleted meanwhile is cleared away by the sweep', async () => {
    for (const messages of [1, 5, 12, 20, 30]) {
      const { ports, backupId } = await backedUp();
      const { job } = await createExamination(ports, { userId: user, backupId, mode: 'round_trip' });
      await drain(ports, ports, messages);
      await deleteBackup(ports, await find(ports, backupId));
      await drain(ports);
      for (let n = 0; n < 2; n += 1) {
        ports.time.now += 6 * minute;
        await swept(ports);
        await drain(ports);
      }
      expect(await find(ports, job.jobId), `after ${messages} messages`).toMatchObject({ status: 'validation_failed' });
      expect(leftBehind(ports), `after ${messages} messages`).toEqual([]);
    }
  });

  test('that dies while its restore is removed goes on removing', async () => {
    const { ports, backupId } = await backedUp();
    const { job } = await createExamination(ports, { userId: user, backupId, mode: 'round_trip' });
    let died = false;
    const remove: Ports['jobs']['delete'] = async (jobId) => {
      // The staging is gone by then, and the row is not.
      if (!died && (await ports.jobs.find(jobId))?.jobType === 'restore') {
        died = true;
        throw new Error('killed');
      }
      return ports.jobs.delete(jobId);
    };
    await drain(ports, { ...ports, jobs: { ...ports.jobs, delete: remove } });
    expect(died).toBe(true);
    expect(await find(ports, job.jobId)).toMatchObject({ status: 'validation_completed', examined: { ok: true } });
    expect(leftBehind(ports)).toEqual([]);
  });

  test('never reaches a profile, though its messages lose what marks them', async () => {
    const { ports, backupId } = await backedUp();
    for (const kind of entityKinds) {
      for (const row of ports.profiles.rows(kind)) ports.profiles.remove(kind, row);
    }
    await createExamination(ports, { userId: user, backupId, mode: 'round_trip' });
    const outcomes: string[] = [];
    for (;;) {
      const next = ports.queues.sent.shift();
      if (!next) break;
      const { roundTrip: _, ...message } = next.message as Record<string, unknown>;
      outcomes.push(await handle(ports, { ...next, message } as SentMessage));
    }
    expect(outcomes).toContain('other-world');
    expect(entityKinds.flatMap((kind) => ports.profiles.rows(kind))).toEqual([]);
  });

  test.each(['before', 'after'] as const)(
    'dies at any call %s its effect and comes to the same end',
    async (when) => {
      const { ports: counting, backupId: counted } = await backedUp(fewChunks);
      const faulty = failing(counting, 0, when);
      const { job } = await createExamination(faulty.ports, { userId: user, backupId: counted, mode: 'round_trip' });
      await drain(counting, faulty.ports);
      const undisturbed = (await find(counting, job.jobId)).examined;
      expect(faulty.calls()).toBeGreaterThan(100);
      const stride = everyCall ? 1 : Math.ceil(faulty.calls() / 25);
      for (let nth = 1; nth <= faulty.calls(); nth += stride) {
        const { ports, backupId } = await backedUp(fewChunks);
        const before = await world(ports);
        const broken = failing(ports, nth, when);
        const create = () =>
          createExamination(broken.ports, { userId: user, backupId, mode: 'round_trip', idempotencyKey: 'once' });
        const { job: asked } = await create().catch(create);
        await drain(ports, broken.ports);
        for (let n = 0; n < 3; n += 1) {
          ports.time.now += 2 * minute;
          await swept(ports);
          await drain(ports);
        }
        const done = await find(ports, asked.jobId);
        expect(done.status, `after call ${nth}: ${JSON.stringify(done.error)}`).toBe('validation_completed');
        expect(done.examined, `after call ${nth}`).toEqual(undisturbed);
        expect(leftBehind(ports), `after call ${nth}`).toEqual([]);
        expect(await world(ports), `after call ${nth}`).toEqual(before);
      }
    },
    longTimeout,
  );
});
