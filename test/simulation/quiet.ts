/**
 * Knowing when nothing runs any more. Promises, ticks and immediates come in an order that the program alone decides; zlib works in
 * threads, whose order nothing decides, so here it works at once.
 */
import { createDeflateRaw, createGunzip, createGzip, createInflateRaw } from 'node:zlib';

/** What Node's zlib streams drive: `write` in a thread, `writeSync` at once; both leave their result in the stream's own state. */
type Handle = {
  init(...parameters: unknown[]): unknown;
  write(...parameters: unknown[]): void;
  writeSync(...parameters: unknown[]): void;
};

const patched = new WeakSet<object>();

/** From now on every zlib stream of this process works at once. Repeating it changes nothing. */
export const makeZlibSynchronous = (): void => {
  for (const make of [createGzip, createGunzip, createDeflateRaw, createInflateRaw]) {
    const stream = make() as unknown as { _handle: Handle; close(): void };
    const prototype = Object.getPrototypeOf(stream._handle) as Handle;
    stream.close();
    if (patched.has(prototype)) continue;
    patched.add(prototype);
    patch(prototype);
  }
};

const patch = (prototype: Handle): void => {
  const done = new WeakMap<object, () => void>();
  const { init } = prototype;
  prototype.init = function (this: Handle, ...parameters) {
    const callback = parameters.find((one): one is () => void => typeof one === 'function');
    if (!callback) throw new Error('zlib was begun without a callback; this Node does it in another way');
    done.set(this, callback);
    return init.apply(this, parameters);
  };
  prototype.write = function (this: Handle, ...parameters) {
    this.writeSync(...parameters);
    process.nextTick(() => done.get(this)?.call(this));
  };
};

const nextImmediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Resolves when all that can run without an answer from outside has run. */
export const quiet = async (): Promise<void> => {
  do await nextImmediate();
  while (process.getActiveResourcesInfo().includes('Immediate'));
};
