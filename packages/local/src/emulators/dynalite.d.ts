declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** Times are in ms. Without `path` everything is in memory. */
  type Options = { path?: string; createTableMs?: number; deleteTableMs?: number; updateTableMs?: number };

  const dynalite: (options?: Options) => Server;
  export default dynalite;
}
