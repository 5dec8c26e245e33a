/** Puts files into a folder: whole or not at all, never outside of it, never through a link. */
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PackageRefused } from '@fzip/format';
import { CannotWrite, UsageError } from './command.ts';

/** The folder itself, made if it is not there. It may be reached through a link: the user named it. */
export const targetFolder = (folder: string): Promise<string> =>
  writing(folder, async () => {
    if (folder === '') throw new UsageError('the name of a folder is empty; name a path');
    await makeFolders(folder);
    return realpath(folder);
  });

/** One by one: Node's own way never comes back where the system says of a folder beneath one that is there that it is not. */
const makeFolders = async (folder: string): Promise<void> => {
  const missing: string[] = [];
  for (let at = path.resolve(folder); (await kindAt(at)) === 'nothing'; at = path.dirname(at)) missing.unshift(at);
  for (const one of missing)
    await mkdir(one).catch((error: NodeJS.ErrnoException) => {
      // Another process may have made it meanwhile.
      if (error.code !== 'EEXIST') throw error;
    });
  if (!(await stat(folder)).isDirectory())
    throw Object.assign(new Error('no folder'), { code: 'ENOTDIR', syscall: 'mkdir' });
};

/** Failures of the disk told by what was to be written; verdicts and failures of whatever was read meanwhile stay what they are. */
const writing = async <T>(place: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const { code = '', syscall = '' } = error as NodeJS.ErrnoException;
    if (error instanceof PackageRefused || !writes.has(syscall)) throw error;
    throw new CannotWrite(`${place}: ${reasons[code] ?? (error as Error).message}`, { cause: error });
  }
};

/** Whatever is read meanwhile is open already. */
const writes = new Set([
  'open',
  'write',
  'writev',
  'fsync',
  'mkdir',
  'realpath',
  'lstat',
  'stat',
  'link',
  'rename',
  'unlink',
  'rm',
]);

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left there',
  EDQUOT: 'no space is left there for this user',
  EFBIG: 'files there cannot be so large',
  EACCES: 'it may not be written',
  EPERM: 'it may not be written',
  EROFS: 'nothing may be written there',
  ENAMETOOLONG: 'names there cannot be so long',
  ENOTDIR: 'a part of the path is no folder',
  EEXIST: 'a part of the path is no folder',
  ENOENT: 'no folder can be made there',
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
  await writing(place, () => makeFolders(path.dirname(place)));
  try {
    await writing(place, () =>
      withDraft(path.dirname(place), onInterrupt, async (draft, file) => {
        await pipeline(body, file.createWriteStream());
        await requireFree(root, segments, mayReplace);
        await (mayReplace ? rename(draft, place) : moveToFree(draft, place));
      }),
    );
  } catch (error) {
    body.destroy();
    throw error;
  }
};

/**
 * A new file in a folder, under a name that nobody else has; whatever `use` has not renamed by its end is removed.
 * The file is closed when it was written, or by then.
 */
const withDraft = async <T>(
  folder: string,
  onInterrupt: OnInterrupt,
  use: (draft: string, file: FileHandle) => Promise<T>,
): Promise<T> => {
  const draft = path.join(folder, `.fzip-${randomUUID()}`);
  const calledOff = onInterrupt(() => rmSync(draft, { force: true }));
  try {
    // `wx` neither follows a link nor opens what is there. Made at once: an open under way could make it after the undoing.
    closeSync(openSync(draft, 'wx', 0o666));
    const file = await open(draft, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
    try {
      return await use(draft, file);
    } finally {
      await file.close().catch(() => undefined);
    }
  } finally {
    await rm(draft, { force: true });
    calledOff();
  }
};

/**
 * Writes a file that must not be there yet: it is written and proven under another name, then it gets its own.
 * Nothing is left if that fails, and whatever came to stand there meanwhile stays.
 * @param write ends or destroys the sink
 * @param prove reads what was written
 * @throws UsageError if something is there, or the folder is not; whatever the two or the disk fail with
 */
export const placeNew = async <T>(
  place: string,
  onInterrupt: OnInterrupt,
  write: (sink: Writable) => Promise<T>,
  prove: (draft: string) => Promise<void>,
): Promise<T> => {
  if (place === '' || /[\\/]$/.test(place))
    throw new UsageError(
      `${place === '' ? 'the name of the new file is empty' : `${place} is the name of a folder`}; name a file`,
    );
  const folder = await realpath(path.dirname(place)).catch(() => undefined);
  if (folder === undefined) throw new UsageError(`${path.dirname(place)}: no such folder`);
  const target = path.join(folder, path.basename(place));
  return writing(target, async () => {
    await requireNothing(target);
    return withDraft(folder, onInterrupt, async (draft, file) => {
      const written = await write(sinkOf(file));
      await file.sync();
      await prove(draft);
      await moveToFree(draft, target);
      return written;
    });
  });
};

/** Node's own stream would close the file, which is synchronised after it. */
const sinkOf = (file: FileHandle): Writable =>
  new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      file.appendFile(chunk).then(() => callback(), callback);
    },
  });

const requireNothing = async (place: string): Promise<void> => {
  if ((await kindAt(place)) !== 'nothing') throw new UsageError(`${place} is there already; name another place`);
};

/** A link is made only where nothing is; a rename would replace. Some file systems have no links. */
const moveToFree = async (draft: string, place: string): Promise<void> => {
  try {
    await link(draft, place);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') await requireNothing(place);
    if (!linkless.has(code)) throw error;
    await requireNothing(place);
    await rename(draft, place);
  }
};

const linkless = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);
