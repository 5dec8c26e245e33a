/** Two users in the same tables: whatever one tries, the other's rows, objects and jobs stay as they are and stay unseen. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { FzipClient } from '@fzip/api/client';
import { type Job, jobTypes, uploadKey } from '@fzip/core';
import { formatRow, type Row } from '@fzip/format';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { crafted, type Rows } from '../../packages/core/test/crafting.ts';
import { rawZip, unpack } from '../../packages/format/test/packing.ts';
import { download, type World, world } from './fixture.ts';

type Stage = { on: World; alice: Owned; mallory: FzipClient };
/** What alice has: ids of jobs of every type, and rows. */
type Owned = {
  backupId: string;
  restoreId: string;
  waitingId: string;
  validationId: string;
  clearId: string;
  rows: Record<string, Row[]>;
};

/** Everything of a user, as it is stored. */
const everything = async (on: World, user: string): Promise<string[]> => {
  const rows = Object.values(await on.rows(user)).flatMap((some) => some.map(formatRow));
  const objects: string[] = [];
  for (const Bucket of Object.values(on.config.buckets)) {
    const { Versions = [] } = await on.clients.s3.send(new ListObjectVersionsCommand({ Bucket }));
    const own = Versions.filter(({ Key = '' }) => Key.includes(`${user}/`));
    objects.push(...own.map(({ Key, VersionId, ETag }) => `${Key} ${VersionId} ${ETag}`));
  }
  const jobs: string[] = [];
  for (const type of jobTypes) {
    const page = await on.ports.jobs.list(user, type, { limit: 100 });
    const found = await Promise.all(page.jobs.map(({ jobId }) => on.ports.jobs.find(jobId)));
    jobs.push(...found.map((job) => JSON.stringify(job)));
  }
  return [...rows, ...objects, ...jobs].sort();
};

let stage: Stage;

beforeAll(async () => {
  const on = await world({ lasts: true });
  const client = on.client('alice');
  await on.fillProfile({ user: 'alice', transactions: 60, files: 2, seed: 11 });
  // Rows as an attacker would know them, and a job of every type.
  const { clearId } = await on.client('alice').clearProfile({ confirm: 'alice', withoutBackup: true });
  await on.ended(clearId);
  await on.fillProfile({ user: 'alice', transactions: 60, files: 2, seed: 11 });
  const { id: backupId } = await on.backUp('alice');
  const { bytes } = await download(on, 'alice', backupId);
  const { id: restoreId } = await on.restore('alice', bytes, { validateOnly: true });
  const { validationId } = await client.validateBackup(backupId, { mode: 'deep' });
  const isDone = async (): Promise<boolean> =>
    (await client.validationStatus(backupId, validationId)).status !== 'processing';
  await vi.waitUntil(isDone, { timeout: 30_000 });
  const { restoreId: waitingId } = await client.createRestore({ validateOnly: true });
  const rows = await on.rows('alice');
  stage = { on, alice: { backupId, restoreId, waitingId, validationId, clearId, rows }, mallory: on.client('mallory') };
}, 120_000);

type Attempt = (stage: Stage) => Promise<unknown>;

/** Refused by the API as if there were nothing. */
const notFound =
  (call: (mallory: FzipClient, alice: Owned) => Promise<unknown>): Attempt =>
  async ({ mallory, alice }) =>
    expect(call(mallory, alice)).rejects.toMatchObject({ status: 404, code: 'NOT_FOUND' });

const request = ({ on }: Stage, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${on.url}${path}`, init);
const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
const unauthorized =
  (token: (stage: Stage) => Promise<string>): Attempt =>
  async (stage) => {
    const response = await request(stage, `/fzip/backup/${stage.alice.backupId}/status`, bearer(await token(stage)));
    expect(response.status).toBe(401);
  };

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
/** A token like alice's, but for what is changed, under another signature. */
const forged =
  (change: { header?: object; claims?: object }, signature: (text: string) => string) =>
  async ({ on }: Stage): Promise<string> => {
    const [header = '', claims = ''] = (await on.token('alice')).split('.');
    const decode = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
    const text = `${encoded({ ...decode(header), ...change.header })}.${encoded({ ...decode(claims), ...change.claims })}`;
    return `${text}.${signature(text)}`;
  };
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Restores into mallory's profile; whatever becomes of it, only hers may show it. */
const restoring =
  (make: (alice: Owned) => Promise<Buffer>, idMode: 'auto' | 'preserve' | 'remap' = 'auto', ending?: string): Attempt =>
  async ({ on, alice }) => {
    const { ended, job } = await on.restore('mallory', await make(alice), { idMode });
    if (ending !== undefined) expect(ended.type).toBe(ending);
    for (const [kind, rows] of Object.entries(await on.rows('mallory')))
      for (const { userId } of rows) expect(userId, kind).toBe('mallory');
    await cleared(on, job);
  };

/** An empty profile for the next attempt. */
const cleared = async (on: World, { status }: Job): Promise<void> => {
  if (status !== 'restore_completed') return;
  const { clearId } = await on.client('mallory').clearProfile({ confirm: 'mallory', withoutBackup: true });
  await on.ended(clearId);
};

const withRows = (change: (rows: Rows, alice: Owned) => void) => (alice: Owned) =>
  crafted({ rows: (rows) => change(rows, alice) });

const form = async ({ mallory }: Stage) => {
  const { restoreId, forms } = await mallory.createRestore({ validateOnly: true });
  return { restoreId, form: forms[0] };
};
const sent = async (url: string, fields: Record<string, string>): Promise<number> => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append('file', new Blob(['not hers']), 'x.fzip');
  return (await fetch(url, { method: 'POST', body })).status;
};
const uploadTo =
  (key: (stage: Stage) => string): Attempt =>
  async (stage) => {
    const { form: mine, restoreId } = await form(stage);
    expect(await sent(mine.url, { ...mine.fields, key: key(stage) })).toBe(403);
    await stage.mallory.cancelRestore(restoreId);
  };

const attempts: Record<string, Attempt> = {
  'the status of her backup': notFound((to, { backupId }) => to.backupStatus(backupId)),
  'a download of it': notFound((to, { backupId }) => to.download(backupId)),
  'to cancel it': notFound((to, { backupId }) => to.cancelBackup(backupId)),
  'to keep it longer': notFound((to, { backupId }) => to.amendBackup(backupId, { expiresInHours: 1 })),
  'to delete it': notFound((to, { backupId }) => to.deleteBackup(backupId)),
  'to validate it': notFound((to, { backupId }) => to.validateBackup(backupId, { mode: 'round_trip' })),
  'the verdict of its validation': notFound((to, { backupId, validationId }) =>
    to.validationStatus(backupId, validationId),
  ),
  'the status of her restore': notFound((to, { restoreId }) => to.restoreStatus(restoreId)),
  'to start it': notFound((to, { waitingId }) => to.confirmRestore(waitingId)),
  'to run it again': notFound((to, { restoreId }) => to.retryRestore(restoreId)),
  'to cancel her restore': notFound((to, { waitingId }) => to.cancelRestore(waitingId)),
  'to delete her restore': notFound((to, { waitingId }) => to.deleteRestore(waitingId)),
  'forms to upload for it': notFound((to, { waitingId }) => to.uploadForms(waitingId)),
  'to say that it was uploaded': notFound((to, { waitingId }) => to.notifyUploaded(waitingId)),
  'the status of her clearing': notFound((to, { clearId }) => to.clearStatus(clearId)),
  'her backup as if it were a restore': notFound((to, { backupId }) => to.restoreStatus(backupId)),
  'a list of anything of hers': async ({ mallory, alice }) => {
    const lists = JSON.stringify([await mallory.listBackups(), await mallory.listRestores(), await mallory.profile()]);
    for (const id of [alice.backupId, alice.restoreId, alice.waitingId]) expect(lists).not.toContain(id);
  },
  'a list that goes on where hers stopped': async ({ on, mallory, alice }) => {
    const { nextEvaluatedKey } = await on.client('alice').listRestores({ limit: 1 });
    expect(nextEvaluatedKey).toBeDefined();
    const list = await mallory
      .listRestores({ lastEvaluatedKey: nextEvaluatedKey ?? '' })
      .catch(({ code }) => ({ code }));
    for (const id of [alice.restoreId, alice.waitingId]) expect(JSON.stringify(list)).not.toContain(id);
  },
  'anything without a token': async (stage) => {
    expect((await request(stage, `/fzip/backup/${stage.alice.backupId}/status`)).status).toBe(401);
  },
  'by a token without a signature': unauthorized(forged({ header: { alg: 'none' } }, () => '')),
  'by a token signed by another key': unauthorized(
    forged({}, (text) => sign('sha256', Buffer.from(text), privateKey).toString('base64url')),
  ),
  'by a token signed with the public key as if it were a secret': unauthorized(async (stage) => {
    const jwks = await (await request(stage, '/.well-known/jwks.json')).text();
    return forged({ header: { alg: 'HS256' } }, (text) => createHmac('sha256', jwks).update(text).digest('base64url'))(
      stage,
    );
  }),
  'by her own token, with alice for its subject': unauthorized(async ({ on }) => {
    const [header, claims = '', signature] = (await on.token('mallory')).split('.');
    const own = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
    return `${header}.${encoded({ ...own, sub: 'alice' })}.${signature}`;
  }),
  'a backup that names her as its user': async (stage) => {
    const body = JSON.stringify({ userId: 'alice' });
    const { headers } = bearer(await stage.on.token('mallory'));
    const response = await request(stage, '/fzip/backup', {
      method: 'POST',
      body,
      headers: { ...headers, 'content-type': 'application/json' },
    });
    expect(response.status).toBe(400);
  },
  'a backup of her accounts': async ({ mallory, alice }) => {
    const accountIds = (alice.rows.accounts ?? []).map(({ accountId }) => String(accountId));
    const asked = mallory.createBackup({ backupType: 'selective', accountIds });
    await expect(asked).rejects.toMatchObject({ status: 422, code: 'UNKNOWN_ID' });
  },
  'her backup by her own idempotency key': async ({ on, mallory }) => {
    const { backupId } = await on.client('bob').createBackup({}, { idempotencyKey: 'same' });
    const mine = await mallory.createBackup({}, { idempotencyKey: 'same' });
    expect(mine.backupId).not.toBe(backupId);
    await on.ended(mine.backupId);
  },
  'to clear her profile': async ({ mallory }) => {
    const asked = mallory.clearProfile({ confirm: 'alice', withoutBackup: true });
    await expect(asked).rejects.toMatchObject({ status: 422, code: 'NOT_CONFIRMED' });
  },
  'to upload into her restore by a form of her own': uploadTo(({ alice }) =>
    uploadKey({ userId: 'alice', jobId: alice.waitingId }, 1),
  ),
  'to upload over her package': uploadTo(({ alice }) => `packages/alice/${alice.backupId}/1.fzip`),
  'to upload out of her folder by dots': uploadTo(({ alice }) => `uploads/mallory/../alice/${alice.waitingId}/1.fzip`),
  'her package by another key under a link of her own': async ({ on, mallory, alice }) => {
    await on.fillProfile({ user: 'mallory', transactions: 2, files: 1, seed: 2 });
    const { id, job } = await on.backUp('mallory');
    const link = await mallory.downloadUrl(id);
    const [own, hers] = [
      job.packages?.[0]?.key ?? '',
      (await on.ports.jobs.find(alice.backupId))?.packages?.[0]?.key ?? '',
    ];
    expect(link).toContain(encodeURI(own));
    expect((await fetch(link.replace(encodeURI(own), encodeURI(hers)))).status).toBe(403);
    const { clearId } = await mallory.clearProfile({ confirm: 'mallory' });
    await on.ended(clearId);
  },
  'to start her restore by a key that names mallory': async ({ on, alice }) => {
    const key = uploadKey({ userId: 'mallory', jobId: alice.waitingId }, 1);
    await on.ports.packages.put(key, Buffer.from('not hers'));
    await expect.poll(async () => (await on.ports.jobs.find(alice.waitingId))?.status).toBe('restore_uploaded');
    await on.ports.packages.delete([key]);
  },
  'to write over her rows by their ids': restoring(
    withRows((rows, alice) => {
      const [mine, hers] = [rows.accounts[0] ?? {}, alice.rows.accounts?.[0] ?? {}];
      const { accountId } = mine;
      for (const row of Object.values(rows).flat())
        if (row.accountId === accountId) row.accountId = hers.accountId ?? '';
    }),
    'preserve',
    'restore.failed',
  ),
  'the same, with ids made anew where they are taken': restoring(
    withRows((rows, alice) => {
      rows.accounts.push({ ...rows.accounts[0], accountId: alice.rows.accounts?.[0]?.accountId ?? '' });
    }),
    'auto',
    'restore.completed',
  ),
  'to make rows hers that name alice as their user': restoring(
    withRows((rows) => {
      for (const some of Object.values(rows)) for (const row of some) row.userId = 'alice';
    }),
    'auto',
    'restore.completed',
  ),
  'to write files where alice has hers': restoring(
    withRows((rows, alice) => {
      for (const [n, row] of rows.transaction_files.entries())
        row.s3Key = alice.rows.transaction_files?.[n]?.s3Key ?? '';
    }),
    'auto',
    'restore.completed',
  ),
  'to write files out of her folder by their names': restoring(
    withRows((rows) => {
      for (const row of rows.transaction_files) row.fileName = '../../alice/stolen.csv';
    }),
  ),
  'to write analytics under alice’s keys': restoring(
    withRows((rows) => {
      for (const row of rows.analytics) Object.assign(row, { pk: `alice#${row.analyticType}`, sk: 'x#ALL' });
    }),
    'auto',
    'restore.completed',
  ),
  'to refer to an account of alice’s': restoring(
    withRows((rows, alice) => {
      for (const row of rows.transactions) row.accountId = alice.rows.accounts?.[0]?.accountId ?? '';
    }),
    'auto',
    'restore.validation_failed',
  ),
  'to write files by an entry that climbs': restoring(
    async () => {
      const entries = [...(await unpack(await crafted({})))].map(([name, bytes]) => ({ name, bytes }));
      return rawZip([...entries, { name: 'files/../../alice/x.csv', bytes: Buffer.from('x') }]);
    },
    'auto',
    'restore.validation_failed',
  ),
};

describe('mallory tries', () => {
  test('at least 25 ways', () => {
    expect(Object.keys(attempts).length).toBeGreaterThanOrEqual(25);
  });

  test.each(Object.entries(attempts))('%s, in vain', { timeout: 60_000 }, async (_what, attempt) => {
    const before = await everything(stage.on, 'alice');
    await attempt(stage);
    expect(await everything(stage.on, 'alice')).toEqual(before);
  });
});
