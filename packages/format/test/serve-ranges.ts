/** The server of ranges, closed when the test that asked for it is over. */
import { onTestFinished } from 'vitest';
import { openRangeServer, type RangeServer } from './range-server.ts';

export const serveRanges = async (...[file, fault]: Parameters<typeof openRangeServer>): Promise<RangeServer> => {
  const { server, close } = await openRangeServer(file, fault);
  onTestFinished(close);
  return server;
};
