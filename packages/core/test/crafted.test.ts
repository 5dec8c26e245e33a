/** Packages that lie, each refused with a message that names the entry and what was found; nothing is written. */
import { createRestore, uploadKey } from '@fzip/core';
import { entityKinds, type Row } from '@fzip/format';
import { memoryPorts } from '@fzip/testing';
import { expect, test } from 'vitest';
import { crafted, type Lie } from './crafting.ts';
import { drain } from './drive.ts';

const restored = async (bytes: Buffer) => {
  const ports = memoryPorts();
  const created = await createRestore(ports, {
    userId: 'bob',
    parameters: { validateOnly: false, requireConfirmation: false, idMode: 'auto' },
  });
  if (!created.ok) throw new Error('the profile is not empty');
  const key = uploadKey(created.job, 1);
  await ports.packages.put(key, bytes);
  await ports.queues.send('restore-start', [{ key }], 'bob');
  await drain(ports);
  const job = await ports.jobs.find(created.job.jobId);
  return { ports, job };
};

const first = (rows: Row[]): Row => rows[0] ?? {};
const nobody = '00000000-0000-4000-8000-00000000dead';

const lies: [string, Lie, RegExp][] = [
  [
    'a wrong checksum',
    { manifest: ({ checksums }) => Object.assign(checksums, { 'data/accounts.json': `sha256:${'0'.repeat(64)}` }) },
    /data\/accounts\.json.*sha256/,
  ],
  ['a missing data file', { without: 'file_maps' }, /data\/file_maps\.json/],
  [
    'a lying count',
    { manifest: ({ data_summary }) => Object.assign(data_summary, { transactions_count: 21 }) },
    /transactions.*2[01].*2[01]/,
  ],
  [
    'a broken row',
    { rows: ({ accounts }) => Object.assign(first(accounts), { accountType: 'piggy bank' }) },
    /accountType/,
  ],
  ['a row without its id', { rows: ({ accounts }) => delete first(accounts).accountId }, /accountId/],
  [
    'an undeclared dangling reference',
    { rows: ({ transactions }) => Object.assign(first(transactions), { accountId: nobody }) },
    new RegExp(`accountId refers to "${nobody}"`),
  ],
  [
    'an empty text in the key of an index',
    { rows: ({ transactions }) => Object.assign(first(transactions), { status: '' }) },
    /status is a key of an index/,
  ],
  [
    'two rows of one id',
    { rows: ({ categories }) => Object.assign(categories[1] ?? {}, { categoryId: first(categories).categoryId }) },
    /categor/,
  ],
  [
    'a newer major version',
    { manifest: (manifest) => Object.assign(manifest, { backup_format_version: '2.0' }) },
    /2\.0/,
  ],
];

test.each(lies)('a package with %s is refused', async (_, lie, message) => {
  const { ports, job } = await restored(await crafted(lie));
  expect(job).toMatchObject({ status: 'restore_validation_failed', error: { code: 'VALIDATION_FAILED' } });
  expect(job?.validationResults?.errors.join('\n')).toMatch(message);
  for (const kind of entityKinds) expect(ports.profiles.rows(kind)).toEqual([]);
  expect([...ports.files.objects.keys()]).toEqual([]);
});

test('the same package without a lie is restored', async () => {
  const { job } = await restored(await crafted({}));
  expect(job?.validationResults?.errors).toEqual([]);
  expect(job?.status).toBe('restore_completed');
});

test('a package that names another user, and objects of another user, gives everything to the one who restores it', async () => {
  const bytes = await crafted({
    rows: ({ transaction_files, accounts }) => {
      for (const row of [...transaction_files, ...accounts]) Object.assign(row, { userId: 'mallory' });
      for (const row of transaction_files) Object.assign(row, { s3Key: 'victim/secret/file.csv' });
    },
  });
  const { ports, job } = await restored(bytes);
  expect(job?.status).toBe('restore_completed');
  for (const kind of entityKinds) for (const { userId } of ports.profiles.rows(kind)) expect(userId).toBe('bob');
  for (const key of ports.files.objects.keys()) expect(key.startsWith('bob/')).toBe(true);
});

test('a package of names as long as a row may be ends in a verdict that fits into a row of a table', async () => {
  const long = 'ü'.repeat(20_000);
  const { job } = await restored(
    await crafted({
      rows: ({ transactions }) => {
        for (const row of transactions) Object.assign(row, { status: '', fileId: long, [`own ${long}`]: 1 });
      },
      manifest: (manifest) =>
        Object.assign(manifest, { failed_files: [{ fileId: long, fileName: long, reason: long }] }),
    }),
  );
  expect(job?.status).toBe('restore_validation_failed');
  expect(job?.validationResults).toMatchObject({ profileEmpty: true, ready: false });
  expect(Buffer.byteLength(JSON.stringify(job))).toBeLessThan(100_000);
});
