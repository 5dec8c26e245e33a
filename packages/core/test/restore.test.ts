/** A restore on ports in memory: whole, or not at all, whichever call fails. */
import { cancelRestore, confirmRestore, createBackup, createRestore, sweep } from '@fzip/core';
import { entityKinds, formatRow, type Row } from '@fzip/format';
import { memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, failing, fill } from './drive.ts';
import {
  asked,
  biggerPackage,
  counts,
  drained,
  ended,
  expectEmpty,
  filesOf,
  restore,
  rowsOf,
  small,
  texts,
  world,
} from './restoring.ts';

describe('a restore', () => {
  test('into another profile of the same tables has new ids, the same content, and leaves the first user’s alone', async () => {
    const { ports, bytes } = await world();
    const [rows, files] = [texts(ports, 'alice'), filesOf(ports, 'alice')];
    const job = await ended(ports, await drained(ports, restore(ports, bytes)));
    expect(job.error).toBeUndefined();
    expect(job).toMatchObject({ status: 'restore_completed', writing: { idMode: 'remap' } });
    expect(counts(ports, 'bob')).toEqual(counts(ports, 'alice'));
    expect(filesOf(ports, 'bob')).toEqual(files);
    expect(texts(ports, 'alice')).toEqual(rows);
    const ids = new Set(rowsOf(ports, 'alice').transactions.map(({ transactionId }) => transactionId));
    expect(rowsOf(ports, 'bob').transactions.some(({ transactionId }) => ids.has(transactionId ?? ''))).toBe(false);
    expect(ports.events.published.map(({ event }) => event.type)).toEqual(
      expect.arrayContaining(['restore.initiated', 'restore.completed']),
    );
  });

  test('into the emptied profile it came from gives the very rows back', async () => {
    const { ports, bytes } = await world();
    const before = texts(ports, 'alice').filter((row) => !row.includes('"ttl"'));
    for (const kind of entityKinds) for (const row of ports.profiles.rows(kind)) ports.profiles.remove(kind, row);
    const job = await ended(ports, await drained(ports, restore(ports, bytes, {}, 'alice')));
    expect(job).toMatchObject({ status: 'restore_completed', writing: { idMode: 'preserve' } });
    expect(texts(ports, 'alice')).toEqual(expect.arrayContaining(before));
  });

  test('is refused for a profile that is not empty, at creation and again before the first write', async () => {
    const { ports, bytes } = await world();
    expect(await createRestore(ports, { userId: 'alice', parameters: asked })).toMatchObject({ ok: false });
    const job = await restore(ports, bytes);
    const [account] = ports.profiles.rows('accounts');
    const own = { ...account, accountId: '00000000-0000-4000-8000-0000000000aa', userId: 'bob' };
    ports.profiles.put('accounts', [own]);
    await drain(ports);
    expect(await ended(ports, job)).toMatchObject({ status: 'restore_failed', error: { code: 'PROFILE_NOT_EMPTY' } });
    expect(rowsOf(ports, 'bob').accounts).toEqual([own]);
  });

  test.each([
    ['no ZIP at all', () => Buffer.from('hello')],
    ['nothing', () => Buffer.alloc(0)],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
    [
      'altered in the middle',
      (bytes: Buffer) =>
        Buffer.concat([bytes.subarray(0, 900), Buffer.from([bytes[900] ?? 0 ^ 1, 7, 7]), bytes.subarray(903)]),
    ],
  ])('of a file that is %s is refused with a reason, and nothing is written', async (_, damage) => {
    const { ports, bytes } = await world();
    const job = await ended(ports, await drained(ports, restore(ports, damage(bytes))));
    expect(job).toMatchObject({ status: 'restore_validation_failed', error: { code: 'VALIDATION_FAILED' } });
    expect(job.validationResults?.errors.length).toBeGreaterThan(0);
    expectEmpty(ports, 'bob');
  });

  test('that only validates says whether it could restore, and writes nothing', async () => {
    const { ports, bytes } = await world();
    const job = await ended(ports, await drained(ports, restore(ports, bytes, { validateOnly: true }, 'alice')));
    expect(job).toMatchObject({
      status: 'restore_validation_passed',
      validationResults: { profileEmpty: false, schemaValid: true, ready: false },
    });
  });

  test('that keeps ids is refused when others have them', async () => {
    const { ports, bytes } = await world();
    const job = await ended(ports, await drained(ports, restore(ports, bytes, { idMode: 'preserve' })));
    expect(job).toMatchObject({ status: 'restore_failed', error: { code: 'ID_CONFLICT' } });
    expectEmpty(ports, 'bob');
  });

  test('of a user who has another one running says so', async () => {
    const { ports, bytes } = await world();
    const first = await restore(ports, bytes);
    const second = await restore(ports, bytes);
    await drain(ports);
    const statuses = [await ended(ports, first), await ended(ports, second)].map(({ status }) => status).sort();
    expect(statuses).toEqual(['restore_completed', 'restore_failed']);
    expect(counts(ports, 'bob')).toEqual(counts(ports, 'alice'));
  });

  test('that was canceled anywhere leaves the profile empty', async () => {
    for (let steps = 1; ; steps += 1) {
      const { ports, bytes } = await world();
      const job = await restore(ports, bytes);
      await drain(ports, ports, steps);
      const now = await ended(ports, job);
      if (now.status === 'restore_completed') break;
      expect(await cancelRestore(ports, now)).toBe(true);
      await drain(ports);
      expect((await ended(ports, job)).status, `canceled after ${steps} messages`).toBe('restore_canceled');
      expectEmpty(ports, 'bob');
    }
  });

  test('of chunks that take longer than one invocation goes on where it stopped', async () => {
    const slow = memoryPorts({ limits: { chunkRows: 5_000, handOverMs: 60_000 } });
    const putFresh = slow.profiles.putFresh;
    const puts: number[] = [];
    slow.profiles.putOwn = async (_user, kind, rows) => {
      await putFresh(kind, rows);
      puts.push(rows.length);
      slow.time.now += 70_000;
      return { conflicts: 0 };
    };
    const big = await biggerPackage(1_200);
    const job = await ended(slow, await drained(slow, restore(slow, big)));
    expect(job).toMatchObject({ status: 'restore_completed', results: { transactions: 1_200 } });
    expect(puts.filter((rows) => rows === 500)).toHaveLength(2);
  });

  test('that begins twice, or is confirmed twice while it writes, is not undone by the second', async () => {
    const { ports, bytes } = await world();
    const job = await restore(ports, bytes, { requireConfirmation: true });
    await drain(ports);
    const waiting = await ended(ports, job);
    expect(waiting.status).toBe('restore_awaiting_confirmation');
    const page = ports.profiles.count;
    let meanwhile = true;
    ports.profiles.count = async (...query) => {
      if (meanwhile) {
        meanwhile = false;
        // The other start overtakes this one between its lock and its count, and writes.
        await confirmRestore(ports, waiting);
        await drain(ports, ports, 2);
      }
      return page(...query);
    };
    await confirmRestore(ports, waiting);
    await drain(ports);
    expect(await ended(ports, job)).toMatchObject({ status: 'restore_completed' });
    expect(counts(ports, 'bob')).toEqual(counts(ports, 'alice'));
  });

  test('waits for its user a day, and is then canceled and not called stuck', async () => {
    const { ports, bytes } = await world();
    const confirming = await restore(ports, bytes, { requireConfirmation: true });
    await drain(ports);
    const asked2 = await createRestore(ports, { userId: 'carol', parameters: asked });
    if (!asked2.ok) throw new Error('not empty');
    for (let minutes = 0; minutes < 25 * 60; minutes += 5) {
      ports.time.now += 5 * 60_000;
      await sweep(ports);
      await drain(ports);
    }
    expect(await ended(ports, confirming)).toMatchObject({
      status: 'restore_canceled',
      error: { code: 'CONFIRMATION_EXPIRED' },
    });
    expect(await ended(ports, asked2.job)).toMatchObject({
      status: 'restore_canceled',
      error: { code: 'UPLOAD_EXPIRED' },
    });
    expect([...ports.packages.objects.keys()].filter((key) => key.startsWith('uploads/'))).toEqual([]);
  });

  test('brings the bytes of a file back whose id is no UUID, and never outside the folder of its user', async () => {
    const ports = memoryPorts();
    const file = {
      fileId: 'legacy:42/../x',
      userId: 'old',
      fileName: 'a.csv',
      s3Key: 'old/a.csv',
      fileSize: 3,
      uploadDate: 1,
      createdAt: 1,
      updatedAt: 1,
    };
    ports.profiles.put('transaction_files', [file]);
    await ports.files.put('old/a.csv', Buffer.from('a,b'));
    const { job } = await createBackup(ports, {
      userId: 'old',
      parameters: { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 },
    });
    await drain(ports);
    const bytes = ports.packages.objects.get((await ports.jobs.find(job.jobId))?.packages?.[0]?.key ?? '')?.bytes;
    ports.profiles.remove('transaction_files', file);
    const done = await ended(ports, await drained(ports, restore(ports, bytes ?? Buffer.alloc(0))));
    expect(done.status).toBe('restore_completed');
    expect(filesOf(ports, 'bob')).toEqual(['a,b']);
    for (const key of ports.files.objects.keys()) expect(key.split('/')).not.toContain('..');
  });

  test('never takes the place of a row of its user that no index shows', async () => {
    const { ports, bytes } = await world();
    const [account] = ports.profiles.rows('accounts');
    for (const kind of entityKinds) for (const row of ports.profiles.rows(kind)) ports.profiles.remove(kind, row);
    const { createdAt: _, ...hidden }: Row = { ...account, notes: 'mine' };
    ports.profiles.put('accounts', [hidden]);
    const job = await ended(ports, await drained(ports, restore(ports, bytes, {}, 'alice')));
    expect(job.writing?.idMode).toBe('remap');
    expect(texts(ports, 'alice')).toContain(formatRow(hidden));
  });

  test.each([
    ['another date', (row: Row): Row => ({ ...row, date: Number(row.date) + 1 })],
    ['a text where a number was', (row: Row): Row => ({ ...row, date: String(row.date) })],
    ['an attribute less', ({ description: _, ...row }: Row): Row => row],
  ])('whose tables keep a row with %s is never completed, and leaves the profile empty', async (_, alter) => {
    const { ports, bytes } = await world();
    const putFresh = ports.profiles.putFresh;
    ports.profiles.putFresh = (kind, rows) =>
      putFresh(kind, kind === 'transactions' ? rows.map((row, n) => (n === 3 ? alter(row) : row)) : rows);
    const job = await ended(ports, await drained(ports, restore(ports, bytes)));
    expect(job).toMatchObject({ status: 'restore_failed', error: { code: 'VERIFY_FAILED' } });
    expectEmpty(ports, 'bob');
  });

  test('whose storage keeps other bytes of a file is never completed, and leaves the profile empty', async () => {
    const { ports, bytes } = await world();
    const put = ports.files.put;
    ports.files.put = (key, body, options) => put(key, Buffer.from(body).fill(65, 0, 1), options);
    const job = await ended(ports, await drained(ports, restore(ports, bytes)));
    expect(job).toMatchObject({ status: 'restore_failed', error: { code: 'VERIFY_FAILED' } });
    expectEmpty(ports, 'bob');
  });

  test('whose writer wakes after the rollback writes nothing any more', async () => {
    const { ports, bytes } = await world();
    const job = await restore(ports, bytes);
    const late: typeof ports.queues.sent = [];
    while ((await ended(ports, job)).status !== 'restore_processing') await drain(ports, ports, 1);
    late.push(...ports.queues.sent);
    await cancelRestore(ports, await ended(ports, job));
    await drain(ports);
    ports.queues.sent.push(...late);
    await drain(ports);
    expect((await ended(ports, job)).status).toBe('restore_canceled');
    expectEmpty(ports, 'bob');
  });
});

/** Some hundred whole jobs, one a call; ms. */
const longTimeout = 1_800_000;

describe.each(['before', 'after'] as const)('every call of a restore that fails %s its effect', (when) => {
  test(
    'ends whole or empty, and told of once',
    async () => {
      const source = await world();
      const fresh = async () => {
        const ports = memoryPorts({ limits: small });
        await fill(ports, 'alice', { transactions: 30, files: 3 });
        return ports;
      };
      const counting = await fresh();
      const job = await restore(counting, source.bytes);
      const counted = failing(counting, 0, when);
      await drain(counting, counted.ports);
      expect((await ended(counting, job)).status).toBe('restore_completed');
      expect(counted.calls()).toBeGreaterThan(30);
      for (let nth = 1; nth <= counted.calls(); nth += 1) {
        const ports = await fresh();
        const made = await restore(ports, source.bytes);
        await drain(ports, failing(ports, nth, when).ports);
        ports.time.now += 60 * 60_000;
        await sweep(ports);
        await drain(ports);
        const done = await ended(ports, made);
        expect(done.error, `call ${nth}`).toBeUndefined();
        expect(done.status, `call ${nth}`).toBe('restore_completed');
        expect(counts(ports, 'bob')).toEqual(counts(ports, 'alice'));
        const told = new Set(ports.events.published.map(({ event }) => `${event.type} ${event.id}`));
        expect([...told].map((each) => each.split(' ')[0]).sort()).toEqual(['restore.completed', 'restore.initiated']);
      }
    },
    longTimeout,
  );
});
