/** Whether the ids that a request names are the user's own. */

import type { Ports } from '../ports.ts';
import type { BackupParameters } from './parameters.ts';

const kinds = { accountIds: 'accounts', categoryIds: 'categories' } as const;
const idNames = { accountIds: 'accountId', categoryIds: 'categoryId' } as const;

export type UnknownId = { field: `${keyof typeof kinds}[${number}]`; message: string };

/** Ids of nobody's row and of another user's answer alike: nobody learns what others have. */
export const unknownIds = async (
  ports: Ports,
  userId: string,
  parameters: Pick<BackupParameters, keyof typeof kinds>,
): Promise<UnknownId[]> => {
  const unknown: UnknownId[] = [];
  for (const name of ['accountIds', 'categoryIds'] as const) {
    const ids = parameters[name] ?? [];
    if (ids.length === 0) continue;
    const keys = ids.map((id) => ({ [idNames[name]]: id }));
    const found = await ports.profiles.get(kinds[name], keys, ['userId']);
    found.forEach((row, n) => {
      if (row?.userId === userId) return;
      unknown.push({ field: `${name}[${n}]`, message: `you have none of ${kinds[name]} with the id ${ids[n]}` });
    });
  }
  return unknown;
};
