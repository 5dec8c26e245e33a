import type { DatabaseSync } from 'node:sqlite';

/** A notification that is not yet delivered. */
export type Letter = { id: number; queue: string; body: string };

/** Notifications stand here from the moment of their event until a queue has taken them. */
export type OutboxTable = {
  add(queue: string, body: string): void;
  /** The oldest ten for that queue, which is what one batch can carry. */
  next(queue: string): Letter[];
  queues(): string[];
  remove(id: number): void;
};

export const outboxTable = (db: DatabaseSync): OutboxTable => {
  const insert = db.prepare('INSERT INTO outbox (queue, body) VALUES (?, ?)');
  const oldest = db.prepare('SELECT id, queue, body FROM outbox WHERE queue = ? ORDER BY id LIMIT 10');
  const names = db.prepare('SELECT DISTINCT queue FROM outbox');
  const drop = db.prepare('DELETE FROM outbox WHERE id = ?');
  return {
    add: (queue, body) => void insert.run(queue, body),
    next: (queue) => oldest.all(queue) as unknown as Letter[],
    queues: () => names.all().map((row) => String(row.queue)),
    remove: (id) => void drop.run(id),
  };
};
