/** Packages for tests, and the command run on them within this process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EntityKind, entityKinds, type Row, toPackageRow } from '@fzip/format';
import { sampleProfile } from '@fzip/sample';
import { onTestFinished } from 'vitest';
import type { Profile } from '../../format/test/arbitraries.ts';
import { memorySink, pack } from '../../format/test/packing.ts';
import { run } from '../src/program.ts';

/** What must never reach a terminal out of a package: controls, what turns text or hides it. Line ends are ours. */
export const forbidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}]/u;

export type Ran = { code: number; out: string; err: string };

type Shown = { columns?: number; env?: Record<string, string> };

/** Runs the command; with `columns` its outlets are terminals of that width. */
export const fzip = async (argv: readonly string[], { columns, env = {} }: Shown = {}): Promise<Ran> => {
  const [out, err] = [memorySink(), memorySink()];
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const outlets = { stdout: Object.assign(out.sink, terminal), stderr: Object.assign(err.sink, terminal), env };
  const code = await run(argv, outlets);
  return { code, out: String(out.bytes()), err: String(err.bytes()) };
};

export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fzip-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

/** Writes a package where a path can name it. */
export const stored = async (zip: Buffer, name = 'backup.fzip'): Promise<string> => {
  const place = path.join(await temporaryFolder(), name);
  await writeFile(place, zip);
  return place;
};

/** A sample profile as rows of a package. */
export const sample = (transactions = 40, files = 3): Profile => {
  const profile = sampleProfile({ userId: 'user-1', transactions, files });
  const rows = Object.fromEntries(
    entityKinds.map((kind) => [kind, [...profile.rows(kind)].map((row) => toPackageRow(kind, row))]),
  ) as Record<EntityKind, Row[]>;
  const names = new Map(rows.transaction_files.map(({ fileId, fileName }) => [fileId, String(fileName)]));
  return {
    rows,
    files: [...profile.files()].map(({ fileId, bytes }) => ({
      fileId,
      fileName: names.get(fileId) ?? '',
      bytes: bytes(),
    })),
  };
};

export const packed = async (profile: Profile = sample()): Promise<Buffer> => (await pack(profile)).zip;
