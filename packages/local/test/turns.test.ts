import { expect, test } from 'vitest';
import { makeTurns } from '../src/turns.ts';

const turnsOf = (options: Partial<Parameters<typeof makeTurns>[0]> = {}) =>
  makeTurns<string>({
    userOf: (message) => (message.startsWith('?') ? undefined : message[0]),
    batchSize: 2,
    perUser: 2,
    waitingAtMost: 4,
    ...options,
  });

test('the user who has the fewest running is next, then who waits longest; a batch is filled with the others’', () => {
  const turns = turnsOf();
  turns.add(['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2']);
  const taken = Array.from({ length: 4 }, () => turns.take()?.messages);
  expect(taken).toEqual([['a1', 'a2'], ['b1', 'b2'], ['c1', 'a3'], undefined]);
  expect(turns.waiting()).toEqual(['a4']);
});

test('a user at the cap waits until one of the batches has ended', () => {
  const turns = turnsOf({ batchSize: 1 });
  turns.add(['a1', 'a2', 'a3']);
  const first = turns.take();
  expect(turns.take()?.messages).toEqual(['a2']);
  expect(turns.take()).toBeUndefined();
  first?.end();
  expect(turns.take()?.messages).toEqual(['a3']);
});

test('messages without a user hold up nobody', () => {
  const turns = turnsOf({ batchSize: 1, perUser: 1 });
  turns.add(['?1', '?2', '?3']);
  expect([turns.take(), turns.take(), turns.take()].map((turn) => turn?.messages)).toEqual([['?1'], ['?2'], ['?3']]);
});

test('when as many wait as may, nothing more is received until some are taken, or the end', async () => {
  const turns = turnsOf();
  await turns.room();
  turns.add(['a1', 'a2', 'a3', 'a4']);
  let isRoom = false;
  const room = turns.room().then(() => {
    isRoom = true;
  });
  await new Promise(setImmediate);
  expect(isRoom).toBe(false);
  turns.take();
  await room;
  turns.add(['b1', 'b2']);
  const closed = turns.room();
  turns.close();
  await closed;
  expect(turns.take()).toBeUndefined();
  expect(turns.waiting()).toHaveLength(4);
});
