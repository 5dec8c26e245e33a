/** Puts files into a folder: whole or not at all, never outside of it, never through a link. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from './command.ts';

/** The folder itself, made if it is not there. It may be reached through a link: the user named it. */
export const targetFolder = async (folder: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  return realpath(folder);
};

const kindAt = async (place: string): Promise<'nothing' | 'file' | 'folder' | 'other'> => {
  try {
    const found = await lstat(place);
    if (found.isDirectory()) return 'folder';
    return found.isFile() ? 'file' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'nothing';
    throw error;
  }
};

/** Nothing there may be lost. @throws UsageError if a file stands there that may not be replaced, or what is no file */
export const requireFree = async (root: string, segments: readonly string[], mayReplace: boolean): Promise<void> => {
  for (let depth = 1; depth < segments.length; depth += 1) {
    const folder = path.join(root, ...segments.slice(0, depth));
    const kind = await kindAt(folder);
    if (kind === 'nothing') return;
    if (kind !== 'folder')
      throw new UsageError(`${folder} is no folder, and nothing is written through it; name another --dir`);
  }
  const place = path.join(root, ...segments);
  const kind = await kindAt(place);
  if (kind === 'nothing' || (kind === 'file' && mayReplace)) return;
  const hint = kind === 'file' ? '--force replaces it' : 'only files are ever replaced';
  throw new UsageError(`${place} is there already; ${hint}`);
};

type OnInterrupt = (undo: () => void) => () => void;

/**
 * Writes a file under another name and renames it once `body` has ended well; otherwise nothing is left of it.
 * Rejects with what the body or the disk fails with.
 */
export const placeFile = async (
  root: string,
  segments: readonly string[],
  body: Readable,
  { mayReplace, onInterrupt }: { mayReplace: boolean; onInterrupt: OnInterrupt },
): Promise<void> => {
  await requireFree(root, segments, mayReplace);
  const place = path.join(root, ...segments);
  await mkdir(path.dirname(place), { recursive: true });
  const draft = path.join(path.dirname(place), `.fzip-${randomUUID()}`);
  const calledOff = onInterrupt(() => rmSync(draft, { force: true }));
  try {
    // `wx` neither follows a link nor opens what is there.
    const file = await open(draft, 'wx', 0o666);
    await pipeline(body, file.createWriteStream());
    await requireFree(root, segments, mayReplace);
    await rename(draft, place);
  } catch (error) {
    body.destroy();
    await rm(draft, { force: true });
    throw error;
  } finally {
    calledOff();
  }
};
