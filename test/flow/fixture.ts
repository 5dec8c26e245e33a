/** A whole FZIP of its own for each story, on emulators that the stories of one file share. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FzipClient, fzipClient } from '@fzip/api/client';
import { eventTypes, type FzipEvent, type Job } from '@fzip/core';
import {
  bufferSource,
  checkVolume,
  type EntityKind,
  entityKinds,
  formatRow,
  openVolume,
  type Row,
  toPackageRow,
  type Volume,
} from '@fzip/format';
import { type Emulators, startEmulators } from '@fzip/local/emulators/index';
import { type Runtime, type RuntimeOptions, startRuntime } from '@fzip/local/runtime';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

export type World = Runtime & {
  client(user: string): FzipClient;
  /** Requests a backup and waits for the event of its end. */
  backUp(
    user: string,
    asked?: Parameters<FzipClient['createBackup']>[0],
  ): Promise<{ id: string; ended: FzipEvent; job: Job }>;
  /** The event that ends a job, or that says it waits for its user. */
  ended(jobId: string): Promise<FzipEvent>;
  /** Creates a restore, uploads a package by its form, and waits for the event of its end. */
  restore(
    user: string,
    /** Of the package, or of each volume of a set. */
    bytes: Buffer | readonly Buffer[],
    asked?: Parameters<FzipClient['createRestore']>[0],
  ): Promise<{ id: string; ended: FzipEvent; job: Job }>;
  /** Every row of a user, as its tables hold them now. */
  rows(user: string): Promise<Record<EntityKind, Row[]>>;
};

let emulators: Emulators;
let folder: string;
const open: World[] = [];
/** Of stories that share one. */
const lasting: World[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fzip-flow-'));
  emulators = await startEmulators({ folder });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((world) => world.close()));
});

afterAll(async () => {
  await Promise.all(lasting.splice(0).map((world) => world.close()));
  await emulators.close();
  await rm(folder, { recursive: true, force: true });
});

/** Messages come back after a second, so that a story about failing does not wait for minutes. */
const quick: RuntimeOptions = { visibilitySeconds: 20, retryDelaySeconds: 0, silent: true };

export const world = async ({
  lasts = false,
  ...options
}: RuntimeOptions & { lasts?: boolean } = {}): Promise<World> => {
  const prefix = `t${randomUUID().slice(0, 8)}-`;
  const runtime = await startRuntime({ ...quick, ...options, prefix, emulators });
  const events = await runtime.subscribe({ eventType: eventTypes.filter((type) => !type.endsWith('.initiated')) });
  const client = (user: string) => fzipClient({ baseUrl: runtime.url, token: () => runtime.token(user) });
  const ended = (id: string) => events.next((event) => event.subject === id, 40_000);
  const made: World = {
    ...runtime,
    client,
    ended,
    backUp: async (user, asked) => {
      const { backupId } = await client(user).createBackup(asked);
      const event = await ended(backupId);
      const job = await runtime.ports.jobs.find(backupId);
      if (!job) throw new Error(`no job ${backupId}`);
      return { id: backupId, ended: event, job };
    },
    restore: async (user, bytes, asked = {}) => {
      const volumes = Buffer.isBuffer(bytes) ? [bytes] : bytes;
      const { restoreId, forms } = await client(user).createRestore({ volumes: volumes.length, ...asked });
      for (const [n, form] of forms.entries())
        await client(user).uploadPackage(form, new Blob([new Uint8Array(volumes[n] as Buffer)]));
      const event = await ended(restoreId);
      const job = await runtime.ports.jobs.find(restoreId);
      if (!job) throw new Error(`no job ${restoreId}`);
      return { id: restoreId, ended: event, job };
    },
    rows: (user) => rowsOf(runtime, user),
  };
  (lasts ? lasting : open).push(made);
  return made;
};

const rowsOf = async (runtime: Pick<Runtime, 'ports'>, userId: string): Promise<Record<EntityKind, Row[]>> => {
  const rows = Object.fromEntries(entityKinds.map((kind) => [kind, [] as Row[]])) as Record<EntityKind, Row[]>;
  for (const kind of entityKinds) {
    let cursor: string | undefined;
    do {
      const page = await runtime.ports.profiles.page({ userId, kind, ...(cursor ? { cursor } : {}) });
      rows[kind].push(...page.rows);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
  return rows;
};

/** Downloads a backup as its user would, through the presigned link. */
export const download = async (
  on: Pick<World, 'client'>,
  user: string,
  id: string,
): Promise<{ volume: Volume; bytes: Buffer }> => {
  const response = await on.client(user).download(id);
  const bytes = Buffer.from(await response.arrayBuffer());
  return { volume: await openVolume(bufferSource(bytes)), bytes };
};

/** The product's own check over the downloaded package, then every row and file against the profile. Closes every story. */
export const expectWhole = async (on: Pick<World, 'client' | 'ports'>, user: string, id: string): Promise<Volume> => {
  const { volume } = await download(on, user, id);
  const packaged: string[] = [];
  const check = await checkVolume(volume, { onRow: (_kind, { line }) => void packaged.push(line) });
  expect(check.errors).toEqual([]);
  expect(check.intact).toBe(true);
  const rows = await rowsOf(on, user);
  const stored = entityKinds.flatMap((kind) => rows[kind].map((row) => formatRow(toPackageRow(kind, row))));
  expect(packaged.sort()).toEqual(stored.sort());
  expect(volume.manifest.user_id).toBe(user);
  return volume;
};
