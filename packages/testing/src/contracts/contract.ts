/** What every contract suite is: one port's promises, run against whatever `make` gives. */
import { afterAll, beforeAll, describe, vi } from 'vitest';

/** The port, and whatever its suite needs to look behind it; `close` ends what `make` began. */
export type Made<T> = T & { close?: () => Promise<void> };
export type Make<T> = () => Promise<Made<T>>;

/** A suite whose tests share one implementation, so each test works with ids of its own. */
export const contract = <T>(name: string, make: Make<T>, tests: (made: () => T) => void): void => {
  describe(name, () => {
    let made: Made<T> | undefined;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(async () => made?.close?.());
    tests(() => {
      if (!made) throw new Error(`${name} was not made`);
      return made;
    });
  });
};

/** Everything an async iterable gives. */
export const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

/** How long what is eventually consistent may take, in ms: longer than any service needs, for the tests wait no longer than it does. */
const patience = 15_000;

/** Looks until it holds. Only for what a port promises to be there in the end. */
export const eventually = <T>(look: () => Promise<T>): Promise<T> => vi.waitFor(look, { timeout: patience });
