/** The looks after a piece was read: whether its rows are still those that were staged, and which are not. */
import { idOf, OrderFreeDigest, parseRow } from '@fzip/format';
import { records } from '../ledger.ts';
import type { BackupCollectMessage } from '../messages.ts';
import type { Ports } from '../ports.ts';
import { standing } from '../settle.ts';
import { ChunkRecord, chunkLines } from '../staging.ts';
import { chunkScope } from './collected.ts';
import { compareVersions, type Moved } from './moved.ts';
import { type Reading, type ReadPiece, timeIsShort, version, versionAttributes } from './reading.ts';

type LookAgain = { kind: 'done'; seen: OrderFreeDigest } | Exclude<ReadPiece, { kind: 'done' }>;

/** The second look: ids and times of change alone, over the whole piece. */
export const lookAgain = async (ports: Ports, reading: Reading, message: BackupCollectMessage): Promise<LookAgain> => {
  const { piece, selection, pages } = reading;
  const { recheck } = message;
  if (selection.none) return { kind: 'done', seen: new OrderFreeDigest() };
  const attributes = attributesOf(reading);
  const seen = new OrderFreeDigest();
  if (recheck) seen.addHex(recheck.digest, recheck.rows);
  let cursor = recheck?.cursor;
  do {
    const page = await pages(cursor, attributes);
    for (const row of page.rows) if (selection.takes(row)) seen.add(version(piece.kind, row));
    cursor = page.cursor;
    if (cursor === undefined) break;
    const at = await standing(ports, message);
    if (!at.ok) return { kind: 'idle', outcome: at.outcome };
    if (timeIsShort(ports)) {
      return { kind: 'continue', message: { ...message, recheck: { digest: seen.hex(), rows: seen.count, cursor } } };
    }
  } while (cursor !== undefined);
  return { kind: 'done', seen };
};

/** What a look reads: what names a row, what tells of its change, and what decides whether it is taken. */
const attributesOf = ({ piece, selection }: Reading): string[] => [
  ...new Set([...versionAttributes(piece.kind), ...selection.attributes]),
];

type Named = { kind: 'done'; seenAfter: number; moved: Moved } | Exclude<ReadPiece, { kind: 'done' }>;

/**
 * Reads what was staged and what is there now in step with each other, and names the rows in which they differ. Begins anew
 * in an invocation of its own when time is short; one that is too short from its beginning tells what it knows.
 */
export const nameMoved = async (
  ports: Ports,
  reading: Reading,
  message: BackupCollectMessage,
  lastLook: { rows: number },
): Promise<Named> => {
  const { piece, selection, pages } = reading;
  const { kind } = piece;
  const comparison = compareVersions();
  const staged = stagedRows(ports, reading, message);
  let [rowsStaged, rowsSeen, cursor, more] = [0, 0, undefined as string | undefined, !selection.none];
  try {
    for (;;) {
      while (rowsStaged <= rowsSeen || !more) {
        const { value, done } = await staged.next();
        if (done) {
          if (!more) return { kind: 'done', seenAfter: rowsSeen, moved: comparison.end(true) };
          rowsStaged = Number.POSITIVE_INFINITY;
        } else {
          comparison.staged(value);
          rowsStaged += 1;
        }
      }
      const page = await pages(cursor, attributesOf(reading));
      for (const row of page.rows) {
        if (!selection.takes(row)) continue;
        comparison.seen({ id: idOf(kind, row) ?? '', version: version(kind, row) });
        rowsSeen += 1;
      }
      cursor = page.cursor;
      more = cursor !== undefined;
      const at = await standing(ports, message);
      if (!at.ok) return { kind: 'idle', outcome: at.outcome };
      const stop = timeIsShort(ports);
      if (stop && !message.naming) return { kind: 'continue', message: namingOf(message, lastLook) };
      if (more && (stop || comparison.overflowed)) {
        return { kind: 'done', seenAfter: lastLook.rows, moved: comparison.end(false) };
      }
    }
  } finally {
    await staged.return(undefined);
  }
};

const namingOf = (
  { recheck: _, cursor: __, ...message }: BackupCollectMessage,
  naming: { rows: number },
): BackupCollectMessage => ({ ...message, naming });

/** What was staged of a piece in a pass. */
export async function* stagedRows(ports: Ports, { piece: { kind } }: Reading, message: BackupCollectMessage) {
  const scope = chunkScope(message, message.piece, message.pass);
  for await (const chunk of records(ports.ledger, scope, (found) => ChunkRecord.parse(found))) {
    for await (const line of chunkLines(ports, chunk, { whole: true })) {
      const row = parseRow(line);
      yield { id: idOf(kind, row) ?? '', version: version(kind, row) };
    }
  }
}
