/** Files on their way into a volume: opened before their entry begins, resumed when a read breaks, named when they fail. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { FileSource, Row } from '@fzip/format';
import type { Limits } from '../limits.ts';
import { ObjectGone, type ObjectInfo, type Ports } from '../ports.ts';

export type FailedFile = { fileId: string; fileName: string; reason: string };

type Wanted = { fileId: string; fileName: string; s3Key: string };
type Opened = { ok: true; file: FileSource } | { ok: false; failed: FailedFile };

const wanted = (row: Row): Wanted => ({
  fileId: String(row.fileId ?? ''),
  fileName: String(row.fileName ?? ''),
  s3Key: String(row.s3Key ?? ''),
});

/**
 * Opens the files of rows in order, some ahead of the one that is taken.
 * What cannot be opened is handed to `onFailed` and left out; `broken` are files that failed in the middle before.
 */
export async function* openFiles(
  ports: Ports,
  userId: string,
  rows: AsyncIterable<Row>,
  broken: ReadonlyMap<string, string>,
  onFailed: (file: FailedFile) => void,
): AsyncGenerator<FileSource> {
  const ahead: Promise<Opened>[] = [];
  const take = async function* (opening: Promise<Opened> | undefined) {
    const opened = await opening;
    if (opened?.ok) yield opened.file;
    else if (opened) onFailed(opened.failed);
  };
  for await (const row of rows) {
    const opening = open(ports, userId, wanted(row), broken);
    // Its failure is looked at when its turn comes; until then it is not unhandled.
    opening.catch(() => undefined);
    ahead.push(opening);
    if (ahead.length >= ports.limits.filesAhead) yield* take(ahead.shift());
  }
  while (ahead.length > 0) yield* take(ahead.shift());
}

const open = async (
  ports: Ports,
  userId: string,
  file: Wanted,
  broken: ReadonlyMap<string, string>,
): Promise<Opened> => {
  const failed = (reason: string): Opened => {
    const { fileId, fileName } = file;
    return { ok: false, failed: { fileId, fileName, reason } };
  };
  const before = broken.get(file.fileId);
  if (before !== undefined) return failed(before);
  // A row can be crafted to point at somebody else's object; nobody reaches another user's data.
  if (!file.s3Key.startsWith(`${userId}/`)) return failed('its key lies outside the folder of its user');
  try {
    const info = await retried(ports, () => ports.files.head(file.s3Key));
    if (!info) return failed('there is no such object');
    if (info.size > ports.limits.largestFileBytes) return failed(tooLarge(info, ports.limits));
    return { ok: true, file: { ...file, size: info.size, body: await bodyOf(ports, file.s3Key, info) } };
  } catch (error) {
    return failed(`could not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const tooLarge = (info: ObjectInfo, limits: Limits): string =>
  `${info.size} bytes; a file of more than ${limits.largestFileBytes} bytes could not be uploaded again`;

const bodyOf = async (ports: Ports, key: string, info: ObjectInfo): Promise<Buffer | Readable> => {
  if (info.size > ports.limits.smallFileBytes) return Readable.from(resumed(ports, key, info), { objectMode: false });
  return retried(ports, async () => {
    const body = await buffer(await ports.files.read(key, { etag: info.etag }));
    if (body.length !== info.size) throw new Error(`${body.length} bytes came, ${info.size} were announced`);
    return body;
  });
};

/** Reads an object to its end; a read that breaks goes on from where it broke, pinned to the same object. */
async function* resumed(ports: Ports, key: string, info: ObjectInfo): AsyncGenerator<Buffer> {
  let [start, failures] = [0, 0];
  while (start < info.size) {
    const before = start;
    try {
      for await (const block of await ports.files.read(key, { start, end: info.size, etag: info.etag })) {
        start += (block as Buffer).length;
        yield block as Buffer;
        failures = 0;
      }
      // A store that ends a read early and calls that its end would be asked for ever.
      if (start === before) throw new Error(`no byte came after ${start} of ${info.size}`);
    } catch (error) {
      failures += 1;
      if (error instanceof ObjectGone || failures >= ports.limits.fileTries) throw error;
      await pause(ports, failures);
    }
  }
}

const retried = async <T>(ports: Ports, read: () => Promise<T>): Promise<T> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await read();
    } catch (error) {
      if (error instanceof ObjectGone || failures >= ports.limits.fileTries) throw error;
      await pause(ports, failures);
    }
  }
};

/** Doubling pauses; the SDK below retries with jitter of its own. */
const pause = (ports: Ports, failures: number): Promise<void> => ports.sleep(100 * 2 ** failures);
