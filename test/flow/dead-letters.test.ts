/** Messages that fail for good, and what an operator does with them by `fzip ops dead-letters`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { DeadLetter, Ports, Redriven } from '@fzip/core';
import { entityKinds } from '@fzip/format';
import { homeAt, writeEnvironment } from '@fzip/local/home';
import { expect, test, vi } from 'vitest';
import { run } from '../../packages/cli/src/program.ts';
import { download, expectWhole, type World, world } from './fixture.ts';

/** An outage of one call, which ends. */
const outage = (wrap: (ports: Ports, isOut: () => boolean) => Ports) => {
  let isOut = true;
  return {
    wrapPorts: (ports: Ports) => wrap(ports, () => isOut),
    end: () => {
      isOut = false;
    },
  };
};

const refuse = (what: string): Promise<never> => Promise.reject(new Error(`${what} is out of order`));

type Said = { code: number; out: string; err: string };

/** The command as its user has it, with this environment alone. */
const fzip = async (env: Record<string, string>, ...argv: string[]): Promise<Said> => {
  const said = { out: '', err: '' };
  const outlet = (name: 'out' | 'err') =>
    new Writable({
      write: (chunk, _encoding, done) => {
        said[name] += String(chunk);
        done();
      },
    });
  const code = await run(argv, { stdout: outlet('out'), stderr: outlet('err'), env });
  return { code, ...said };
};

const lettersOf = async (on: World): Promise<DeadLetter[]> =>
  JSON.parse((await fzip(on.env, 'ops', 'dead-letters', 'list', '--json')).out).letters;

/** The letter of a job, as soon as it is buried. */
const letterOf = (on: World, jobId: string | undefined): Promise<DeadLetter> =>
  vi.waitFor(
    async () => {
      const letter = (await lettersOf(on)).find((each) => each.jobId === jobId);
      if (!letter) throw new Error(`no dead letter of ${jobId}`);
      return letter;
    },
    { timeout: 40_000, interval: 100 },
  );

const redrive = async (on: World, id: string): Promise<Redriven> =>
  JSON.parse((await fzip(on.env, 'ops', 'dead-letters', 'redrive', '--json', id)).out).redriven[0];

test('of a backup that cannot be packaged: the job fails with the cause, and a new backup is the advice', async () => {
  const { wrapPorts, end } = outage((ports, isOut) => ({
    ...ports,
    packages: {
      ...ports.packages,
      upload: (key, body, options) => {
        if (!isOut()) return ports.packages.upload(key, body, options);
        body.destroy(new Error('the storage is out of order'));
        return refuse('the storage');
      },
    },
  }));
  const on = await world({ wrapPorts });
  await on.fillProfile({ user: 'ann', transactions: 50, files: 2, seed: 1 });
  const { id, ended, job } = await on.backUp('ann');
  expect(ended.type).toBe('backup.failed');
  expect(job.error).toEqual({
    code: 'STEP_FAILED',
    message: 'backup-package failed again and again: Error: the storage is out of order',
  });
  const letter = await letterOf(on, id);
  expect(letter).toMatchObject({
    step: 'backup-package',
    jobId: id,
    attempt: 1,
    user: 'ann',
    cause: 'Error: the storage is out of order',
  });

  const shown = await fzip(on.env, 'ops', 'dead-letters', 'show', letter.id);
  expect(shown.code).toBe(0);
  for (const told of [id, 'backup_failed, attempt 1 of ann', 'STEP_FAILED', 'begin a new one', '"volume":1'])
    expect(shown.out).toContain(told);

  const advised = { outcome: 'advised', advice: 'new-backup' };
  expect(await redrive(on, letter.id)).toMatchObject(advised);
  expect(await redrive(on, letter.id)).toMatchObject(advised);
  end();
  await expectWhole(on, 'ann', (await on.backUp('ann')).id);
});

test('of a restore whose table is out of order: it is rolled back, and its retry is whole when that is over', async () => {
  const { wrapPorts, end } = outage((ports, isOut) => ({
    ...ports,
    profiles: {
      ...ports.profiles,
      putFresh: (kind, rows) =>
        isOut() && kind === 'transactions' ? refuse('the table') : ports.profiles.putFresh(kind, rows),
      putOwn: (userId, kind, rows) =>
        isOut() && kind === 'transactions' ? refuse('the table') : ports.profiles.putOwn(userId, kind, rows),
    },
  }));
  const on = await world({ wrapPorts });
  await on.fillProfile({ user: 'ann', transactions: 50, files: 2, seed: 1 });
  const backup = await on.backUp('ann');
  const { bytes } = await download(on, 'ann', backup.id);
  const { id, ended, job } = await on.restore('bob', bytes);
  expect(ended.type).toBe('restore.failed');
  expect(job).toMatchObject({ status: 'restore_failed', error: { code: 'STEP_FAILED' } });
  expect(Object.values(await on.rows('bob')).flat()).toEqual([]);

  const letter = await letterOf(on, id);
  expect(letter).toMatchObject({ step: 'restore-transactions', attempt: 1, cause: 'Error: the table is out of order' });
  expect(await redrive(on, letter.id)).toMatchObject({ outcome: 'advised', advice: 'retry' });
  end();
  await on.client('bob').retryRestore(id);
  expect((await on.ended(id)).type).toBe('restore.completed');
  const [restored, stored] = [await on.rows('bob'), await on.rows('ann')];
  for (const kind of entityKinds) expect(restored[kind]).toHaveLength(stored[kind].length);
  expect(await redrive(on, letter.id)).toMatchObject({ outcome: 'left', why: 'out-of-date' });
});

test('of an outage that is over: the message is sent again and does its work, once', async () => {
  const stale: string[] = [];
  const { wrapPorts, end } = outage((ports, isOut) => ({
    ...ports,
    profiles: {
      ...ports.profiles,
      markAnalyticsStale: async (userId, at) => {
        if (isOut()) return refuse('the table of statuses');
        await ports.profiles.markAnalyticsStale(userId, at);
        stale.push(userId);
      },
    },
  }));
  const on = await world({ wrapPorts });
  await on.fillProfile({ user: 'ann', transactions: 20, files: 1, seed: 1 });
  const backup = await on.backUp('ann');
  const { ended } = await on.restore('bob', (await download(on, 'ann', backup.id)).bytes);
  expect(ended.type).toBe('restore.completed');
  const letter = await letterOf(on, undefined);
  expect(letter).toMatchObject({ step: 'analytics-refresh', cause: 'Error: the table of statuses is out of order' });
  expect(stale).toEqual([]);
  end();
  const all = await fzip(on.env, 'ops', 'dead-letters', 'redrive', '--all');
  expect(all.out).toContain('1 message of 1 sent again');
  expect(all.err).toContain('"what":"dead-letter.redrive"');
  await vi.waitFor(() => expect(stale).toEqual(['bob']), { timeout: 20_000 });
  expect(await redrive(on, letter.id)).toMatchObject({ outcome: 'resent-before' });
  expect((await fzip(on.env, 'ops', 'dead-letters', 'list')).out).toContain('sent again');
});

test('of a message that no step understands: it is kept, escaped where it is shown, and left alone', async () => {
  const on = await world();
  const MessageBody = '{"jobId": 7, "text": "\u202eevil"}';
  await on.clients.sqs.send(new SendMessageCommand({ QueueUrl: on.env.FZIP_QUEUE_BACKUP_COLLECT, MessageBody }));
  const letter = await letterOf(on, undefined);
  expect(letter.cause).toContain('MalformedMessage: no backup-collect message');
  expect((await fzip(on.env, 'ops', 'dead-letters', 'show', letter.id)).out).toContain('\\u202eevil');
  expect(await redrive(on, letter.id)).toMatchObject({ outcome: 'left', why: 'malformed' });
});

test('the command finds the embedded runtime by its home, and says so if there is none', async () => {
  const on = await world();
  const folder = await mkdtemp(join(tmpdir(), 'fzip-ops-'));
  try {
    writeEnvironment(homeAt(folder), on.env);
    expect(await fzip({ FZIP_HOME: folder }, 'ops', 'dead-letters', 'list')).toEqual({
      code: 0,
      out: 'no dead letters\n',
      err: '',
    });
    const none = await fzip({ FZIP_HOME: join(folder, 'none') }, 'ops', 'dead-letters', 'list');
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('FZIP_JOBS_TABLE') });
    const gone = { ...on.env, AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' };
    const silent = await fzip(gone, 'ops', 'dead-letters', 'list');
    expect(silent).toMatchObject({ code: 3, err: expect.stringContaining('does not answer (ECONNREFUSED)') });
    const unknown = await fzip(on.env, 'ops', 'dead-letters', 'redrive', 'nothing');
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('"nothing" is no dead letter') });
    expect((await fzip(on.env, 'ops', 'dead-letters', 'redrive')).err).toContain('or --all');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
