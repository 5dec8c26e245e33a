/** The story of a backup, on the embedded runtime: over HTTP, through real queues, to a package that is whole. */
import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { type Messages, type Ports, queueVariable } from '@fzip/core';
import { describe, expect, test } from 'vitest';
import { download, expectWhole, type World, world } from './fixture.ts';

const send = async <S extends keyof Messages>(on: World, step: S, body: string): Promise<void> => {
  await on.clients.sqs.send(new SendMessageCommand({ QueueUrl: on.env[queueVariable(step)] ?? '', MessageBody: body }));
};

describe('a backup', () => {
  test('is requested over HTTP, told of by events, and downloaded whole', async () => {
    const on = await world();
    const counts = await on.fillProfile({ user: 'alice', transactions: 300, files: 6, seed: 4 });
    const all = await on.subscribe({ userId: ['alice'] });
    const { id, ended } = await on.backUp('alice');

    expect(ended).toMatchObject({ type: 'backup.completed', subject: id, data: { userId: 'alice', counts } });
    await all.next((event) => event.type === 'backup.completed');
    expect(new Set(all.all().map(({ type }) => type))).toEqual(new Set(['backup.initiated', 'backup.completed']));
    const status = await on.client('alice').backupStatus(id);
    expect(status).toMatchObject({
      status: 'completed',
      progress: 100,
      currentPhase: 'completed',
      counts,
      validation: { overall_quality: 'excellent', files_processed: 6, files_failed: 0, issues: [] },
    });
    const { bytes } = await download(on, 'alice', id);
    expect(status.packageSize).toBe(bytes.length);
    expect(status.volumes[0]?.sha256).toBe(hash('sha256', bytes));

    const volume = await expectWhole(on, 'alice', id);
    expect(status.manifest_checksums).toMatchObject({
      'data/accounts.json': volume.manifest.checksums['data/accounts.json'],
    });
    for (const entry of volume.files.values()) {
      const [, fileId = '', name = ''] = entry.name.split('/');
      const stored = await on.ports.files.read(`alice/${fileId}/${name}`);
      expect(await buffer(volume.body(entry))).toEqual(await buffer(stored));
    }
  });

  test('of an empty profile is a package with nothing in it', async () => {
    const on = await world();
    const { id, ended } = await on.backUp('nobody');
    expect(ended.type).toBe('backup.completed');
    const volume = await expectWhole(on, 'nobody', id);
    expect([...volume.entries].map(({ name }) => name).sort()).toEqual([
      'data/accounts.json',
      'data/analytics.json',
      'data/categories.json',
      'data/file_maps.json',
      'data/transaction_files.json',
      'data/transactions.json',
      'manifest.json',
    ]);
  });

  test('names the files whose bytes cannot be read: in the manifest, the status and the score', async () => {
    const on = await world({ wrapPorts: (ports) => breakFiles(ports, (key) => key.endsWith('.qif')) });
    await on.fillProfile({ user: 'alice', transactions: 60, files: 6, seed: 4 });
    const { id } = await on.backUp('alice');
    const volume = await expectWhole(on, 'alice', id);
    const lost = (await on.rows('alice')).transaction_files.filter(({ fileFormat }) => fileFormat === 'qif');
    expect(lost.length).toBeGreaterThan(0);
    const ids = lost.map(({ fileId }) => fileId).sort();
    expect(volume.manifest.failed_files.map(({ fileId }) => fileId).sort()).toEqual(ids);
    const status = await on.client('alice').backupStatus(id);
    expect(status.failedFiles.map(({ fileId }) => fileId).sort()).toEqual(ids);
    expect(status.failedFiles[0]?.reason).toContain('the disk is broken');
    expect(status.validation).toMatchObject({ files_failed: lost.length });
    expect(status.validation?.overall_quality).not.toBe('excellent');
  });

  test('may be started by a message alone, and the message may come twice', async () => {
    const on = await world();
    await on.fillProfile({ user: 'alice', transactions: 20, files: 1 });
    const ends = await on.subscribe({ eventType: ['backup.completed'], userId: ['alice'] });
    const jobId = '7d4fd0a4-4f5f-4b6e-9a4e-3f8f9e6c1a2b';
    const body = JSON.stringify({ jobId, userId: 'alice' });
    await send(on, 'backup-request', body);
    const event = await ends.next();
    const done = await settled(on, event.subject);
    await send(on, 'backup-request', body);
    await send(
      on,
      'backup-collect',
      JSON.stringify({ jobId, attempt: 1, piece: 0, kind: 'accounts', pass: 1, chunk: 0 }),
    );
    await send(
      on,
      'backup-collect',
      JSON.stringify({ jobId, attempt: 9, piece: 0, kind: 'accounts', pass: 1, chunk: 0 }),
    );
    await send(on, 'backup-package', JSON.stringify({ jobId, attempt: 1, volume: 1 }));
    await send(on, 'backup-validate', JSON.stringify({ jobId, attempt: 1, volume: 1 }));
    // Another user's backup, asked for afterwards, has come and gone: so have the messages before it.
    await on.backUp('bob');
    await on.pause('backup-validate');
    expect(await settled(on, event.subject)).toEqual(done);
    expect(new Set(ends.all().map(({ id }) => id)).size).toBe(1);
    expect(await on.ports.jobs.count('alice', 'backup')).toBe(1);
    await expectWhole(on, 'alice', event.subject);
  });

  test('that keeps failing is dead-lettered and fails with the cause', async () => {
    const on = await world({
      maxReceiveCount: 2,
      wrapPorts: (ports) => ({
        ...ports,
        profiles: { ...ports.profiles, page: () => Promise.reject(new Error('the table is on fire')) },
      }),
    });
    const { id, ended } = await on.backUp('alice');
    expect(ended).toMatchObject({ type: 'backup.failed', data: { error: 'STEP_FAILED' } });
    const status = await on.client('alice').backupStatus(id);
    expect(status).toMatchObject({ status: 'failed', error: { code: 'STEP_FAILED' } });
    expect(status.error?.message).toContain('the table is on fire');
    await expect(on.client('alice').download(id)).rejects.toMatchObject({ code: 'BACKUP_FAILED', status: 409 });
  });

  test('of a malformed message fails alone: its neighbours succeed', async () => {
    const on = await world({ maxReceiveCount: 2 });
    await send(on, 'backup-request', 'no JSON at all');
    await send(on, 'backup-request', JSON.stringify({ userId: '../../etc' }));
    const { id } = await on.backUp('alice');
    await expectWhole(on, 'alice', id);
  });

  test('goes on when a consumer dies in the middle', async () => {
    let deaths = 0;
    const dying = (ports: Ports): Ports => ({
      ...ports,
      ledger: {
        ...ports.ledger,
        put: async (scope, n, record) => {
          const put = await ports.ledger.put(scope, n, record);
          deaths += 1;
          if (deaths % 2 === 1 && deaths < 12) throw new Error('killed right after the write');
          return put;
        },
      },
    });
    const on = await world({ wrapPorts: dying, limits: { chunkRows: 50 } });
    await on.fillProfile({ user: 'alice', transactions: 400, files: 3 });
    const { id, ended } = await on.backUp('alice');
    expect(ended.type).toBe('backup.completed');
    expect(deaths).toBeGreaterThan(6);
    await expectWhole(on, 'alice', id);
  });

  test('that was deleted is gone with every object, and its late messages change nothing', async () => {
    const on = await world();
    await on.fillProfile({ user: 'alice', transactions: 20, files: 1 });
    const { id } = await on.backUp('alice');
    await on.client('alice').deleteBackup(id);
    await send(on, 'backup-request', JSON.stringify({ jobId: id, attempt: 1, userId: 'alice' }));
    await on.backUp('bob');
    expect(await on.ports.jobs.find(id)).toBeUndefined();
    const left: string[] = [];
    for await (const { key } of on.ports.packages.list('')) if (key.includes(id)) left.push(key);
    expect(left).toEqual([]);
    await expect(on.client('alice').backupStatus(id)).rejects.toMatchObject({ status: 404 });
  });
});

describe('two users side by side', () => {
  test('each get their own rows, and neither can see, list, download or delete what is the other’s', async () => {
    const on = await world();
    await on.fillProfile({ user: 'alice', transactions: 120, files: 2, seed: 1 });
    await on.fillProfile({ user: 'bob', transactions: 80, files: 2, seed: 1 });
    const [alice, bob] = await Promise.all([on.backUp('alice'), on.backUp('bob')]);
    await expectWhole(on, 'alice', alice.id);
    await expectWhole(on, 'bob', bob.id);

    const mallory = on.client('bob');
    const notFound = { status: 404, code: 'NOT_FOUND' };
    await expect(mallory.backupStatus(alice.id)).rejects.toMatchObject(notFound);
    await expect(mallory.download(alice.id)).rejects.toMatchObject(notFound);
    await expect(mallory.deleteBackup(alice.id)).rejects.toMatchObject(notFound);
    expect((await mallory.listBackups()).backups.map(({ backupId }) => backupId)).toEqual([bob.id]);
    expect(await on.client('alice').backupStatus(alice.id)).toMatchObject({ status: 'completed' });
  });

  test('are told apart by their tokens alone', async () => {
    const on = await world();
    const get = (token?: string) =>
      fetch(`${on.url}/fzip/backup`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
    const [header = '', payload = ''] = (await on.token('alice')).split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    for (const token of [undefined, 'nonsense', `${header}.${payload}.AAAA`, unsigned]) {
      const response = await get(token);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ error: 'UNAUTHORIZED', message: expect.any(String) });
    }
    expect((await get(await on.token('alice'))).status).toBe(200);
  });
});

/** A job as its end left it. What is noted as announced follows the announcement, and so may follow the event. */
const settled = async (on: World, jobId: string): Promise<unknown> => {
  const { announced: _, ...job } = (await on.ports.jobs.find(jobId)) ?? { announced: [] };
  return job;
};

/** The file storage as it is when some of its disks are broken. */
const breakFiles = (ports: Ports, broken: (key: string) => boolean): Ports => ({
  ...ports,
  files: {
    ...ports.files,
    read: (key, options) =>
      broken(key) ? Promise.reject(new Error('the disk is broken')) : ports.files.read(key, options),
  },
});
