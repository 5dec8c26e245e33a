import { randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile, type FileHandle, link, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';

/** Bytes are collected up to here before a file is opened, and between writes to it. */
const batchBytes = 1024 * 1024;
/** Bodies up to here are written and read in one synchronous call: four trips through the thread pool cost more. */
const smallBytes = 64 * 1024;

/** One body on its way to disk. Nobody sees it before `finish`; `abandon` leaves nothing behind. */
export type BodyWriter = {
  write(chunk: Buffer): Promise<void> | undefined;
  /** The file's name in the store. */
  finish(): Promise<string>;
  abandon(): Promise<void>;
};

/** The files that hold bytes. Their names come from here, never from a key. A file never changes once it is finished. */
export type Bodies = {
  writer(): BodyWriter;
  /** The bytes from `start` to `end`, inclusive. */
  read(file: string, start: number, end: number): Readable | Buffer;
  /** A second name for the same bytes; no byte is copied where the file system can link. */
  duplicate(file: string): Promise<string>;
  /** Keeps files from being deleted under a reader; call what it returns when done. */
  hold(files: readonly string[]): () => void;
  /** Deletes files, those that are being read as soon as they no longer are. */
  discard(files: Iterable<string>): void;
  /** Deletes what a killed process left behind: files from before this start which `known` does not name. */
  sweep(known: ReadonlySet<string>): Promise<void>;
};

const bodyWriter = (folder: string, name: string): BodyWriter => {
  const [temporary, final] = [path.join(folder, `${name}.part`), path.join(folder, name)];
  let waiting: Buffer[] = [];
  let bytes = 0;
  let handle: FileHandle | undefined;
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    bytes = 0;
    handle ??= await open(temporary, 'wx');
    if (batch.length > 0) await handle.writev(batch);
  };
  return {
    write: (chunk) => {
      waiting.push(chunk);
      bytes += chunk.length;
      return bytes >= batchBytes ? flush() : undefined;
    },
    finish: async () => {
      if (!handle && bytes <= smallBytes) {
        // No rename: the index names the file only after this call, and that is what makes it count.
        writeFileSync(final, waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting), { flag: 'wx' });
        return name;
      }
      await flush();
      await handle?.close();
      await rename(temporary, final);
      return name;
    },
    abandon: async () => {
      waiting = [];
      await handle?.close().catch(() => {});
      if (handle) await rm(temporary, { force: true });
    },
  };
};

const readerCounts = (remove: (file: string) => void): Pick<Bodies, 'hold' | 'discard'> => {
  const readers = new Map<string, number>();
  const doomed = new Set<string>();
  const release = (file: string): void => {
    const left = (readers.get(file) ?? 1) - 1;
    if (left > 0) return void readers.set(file, left);
    readers.delete(file);
    if (doomed.delete(file)) remove(file);
  };
  return {
    hold: (files) => {
      for (const file of files) readers.set(file, (readers.get(file) ?? 0) + 1);
      let held = true;
      return () => {
        if (held) for (const file of files) release(file);
        held = false;
      };
    },
    discard: (files) => {
      for (const file of files) {
        if (file === '') continue;
        if (readers.has(file)) doomed.add(file);
        else remove(file);
      }
    },
  };
};

/** Opens the store in that folder, which is made if it is missing. */
export const openBodies = (folder: string): Bodies => {
  mkdirSync(folder, { recursive: true });
  const start = randomBytes(6).toString('hex');
  let count = 0;
  const newName = (): string => `${start}-${(count++).toString(36)}`;
  const remove = (file: string): void => void rm(path.join(folder, file), { force: true }).catch(() => {});
  return {
    writer: () => bodyWriter(folder, newName()),
    read: (file, from, to) => {
      const name = path.join(folder, file);
      if (to < smallBytes) return readFileSync(name).subarray(from, to + 1);
      return createReadStream(name, { start: from, end: to, highWaterMark: 256 * 1024 });
    },
    duplicate: async (file) => {
      const name = newName();
      const [source, target] = [path.join(folder, file), path.join(folder, name)];
      await link(source, target).catch(() => copyFile(source, target));
      return name;
    },
    ...readerCounts(remove),
    sweep: async (known) => {
      const left = await readdir(folder);
      for (const file of left)
        if (!file.startsWith(start) && !known.has(file)) await rm(path.join(folder, file), { force: true });
    },
  };
};
