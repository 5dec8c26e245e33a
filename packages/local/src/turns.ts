/**
 * Whose messages the pollers of a queue work on next. In the cloud SQS serves a queue's users in turns by the group of each message;
 * the emulated one gives messages in the order they came, so that one user's thousand would stand before another's one. Here as many
 * as are allowed wait in hand, and no user has every poller.
 */

export type Turn<M> = {
  messages: M[];
  /** To be called when they are worked on no more. */
  end(): void;
};

export type Turns<M> = {
  add(messages: readonly M[]): void;
  /** The next batch, of whoever has the fewest running and waits longest; undefined if nobody's turn it is. */
  take(): Turn<M> | undefined;
  /** Resolves when more may be received. */
  room(): Promise<void>;
  /** What was received and is not worked on yet. */
  waiting(): M[];
  /** Gives out nothing more, and holds up nobody. */
  close(): void;
};

export type TurnsOptions<M> = {
  /** Of one message; those without a user count for themselves. */
  userOf: (message: M) => string | undefined;
  /** Messages of one batch. */
  batchSize: number;
  /** Batches that one user may have worked on at a time. */
  perUser: number;
  /** Messages that may wait. */
  waitingAtMost: number;
};

/** A user with messages that wait, in the order of the first of them. */
type Lane<M> = { user: string; messages: { message: M; place: number }[]; running: number };

export const makeTurns = <M>({ userOf, batchSize, perUser, waitingAtMost }: TurnsOptions<M>): Turns<M> => {
  const lanes = new Map<string, Lane<M>>();
  let [places, waiting, isClosed] = [0, 0, false];
  let roomMade = Promise.withResolvers<void>();

  const laneOf = (user: string): Lane<M> => {
    const lane = lanes.get(user) ?? { user, messages: [], running: 0 };
    lanes.set(user, lane);
    return lane;
  };
  const makeRoom = (): void => {
    if (waiting >= waitingAtMost && !isClosed) return;
    roomMade.resolve();
    roomMade = Promise.withResolvers<void>();
  };
  const inTurn = (): Lane<M>[] =>
    [...lanes.values()]
      .filter(({ messages, running }) => messages.length > 0 && running < perUser)
      .sort((one, other) => one.running - other.running || placeOf(one) - placeOf(other));
  const end = (batch: ReadonlySet<Lane<M>>): void => {
    for (const lane of batch) {
      lane.running -= 1;
      if (lane.running === 0 && lane.messages.length === 0) lanes.delete(lane.user);
    }
  };

  return {
    add: (messages) => {
      for (const message of messages) {
        places += 1;
        laneOf(userOf(message) ?? ` ${places}`).messages.push({ message, place: places });
        waiting += 1;
      }
    },
    take: () => {
      const batch = new Set<Lane<M>>();
      const messages: M[] = [];
      for (const lane of isClosed ? [] : inTurn()) {
        if (messages.length === batchSize) break;
        messages.push(...lane.messages.splice(0, batchSize - messages.length).map(({ message }) => message));
        lane.running += 1;
        batch.add(lane);
      }
      if (messages.length === 0) return undefined;
      waiting -= messages.length;
      makeRoom();
      return { messages, end: () => end(batch) };
    },
    room: async () => {
      if (waiting >= waitingAtMost && !isClosed) await roomMade.promise;
    },
    waiting: () => [...lanes.values()].flatMap((lane) => lane.messages.map(({ message }) => message)),
    close: () => {
      isClosed = true;
      makeRoom();
    },
  };
};

const placeOf = ({ messages }: Lane<unknown>): number => messages[0]?.place ?? 0;
