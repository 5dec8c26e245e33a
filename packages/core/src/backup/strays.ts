/** Objects in a user's file storage that no row names: nobody could restore them, so they are named and not backed up. */
import { idOf } from '@fzip/format';
import type { CollectPiece, Job } from '../jobs.ts';
import type { Ports } from '../ports.ts';
import { collectedOf } from './collected.ts';
import { rowsInOrder } from './in-order.ts';

/** Keys that are named. */
const named = 100;

/** The objects below `{userId}/` but for those that a row names, by its id or by its key. */
export const strayObjects = async (
  ports: Ports,
  job: Job,
  { stage }: CollectPiece,
): Promise<{ count: number; keys: string[] }> => {
  const [ids, keys] = [new Set<string>(), new Set<string>()];
  const { chunks } = await collectedOf(ports, job, 'transaction_files', stage);
  const prefix = `${job.userId}/`;
  for await (const { row } of rowsInOrder(ports, 'transaction_files', chunks)) {
    const id = idOf('transaction_files', row) ?? '';
    ids.add(id);
    // Most keys say the id themselves.
    const { s3Key } = row;
    if (typeof s3Key === 'string' && !s3Key.startsWith(`${prefix}${id}/`)) keys.add(s3Key);
  }
  const strays = { count: 0, keys: [] as string[] };
  for await (const { key } of ports.files.list(prefix)) {
    const [id = ''] = key.slice(prefix.length).split('/');
    if (ids.has(id) || keys.has(key)) continue;
    strays.count += 1;
    if (strays.keys.length < named) strays.keys.push(key);
  }
  return strays;
};
