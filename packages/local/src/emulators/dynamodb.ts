import { mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import dynalite from 'dynalite';
import { closeServer, listen } from './listen.ts';

/** `folder` holds the tables; without it they are in memory. `port` 0, the default, takes any free one. */
export type DynamoOptions = { folder?: string; port?: number };

export type RunningDynamo = { url: string; port: number; close(): Promise<void> };

/** DynamoDB on loopback. A table is CREATING for the blink of an eye: wait until it is ACTIVE. */
export const startDynamo = async ({ folder, port = 0 }: DynamoOptions = {}): Promise<RunningDynamo> => {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const times = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
  const server = dynalite(folder === undefined ? times : { ...times, path: folder });
  // dynalite throws what a request reports, so a client that hangs up would end the process.
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    request.removeAllListeners('error');
    request.on('error', () => response.destroy());
  });
  const bound = await listen(server, port);
  return { url: `http://127.0.0.1:${bound}`, port: bound, close: () => closeServer(server) };
};
