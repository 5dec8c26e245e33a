/** Mistakes with the storage. */
import { inProcesses, type SeenBug, strict, wild } from './shared.ts';

export const objects: readonly SeenBug[] = [
  {
    name: 'multipart upload not aborted',
    ports: inProcesses(({ packages }) => ({ packages: { ...packages, abort: async () => undefined } })),
    ...wild,
    stories: ['backup', 'backup', 'backup'],
    within: 60,
  },
  {
    name: 'the sweep deletes staging of a job that works',
    ports: inProcesses(
      ({ packages }) => ({
        packages: {
          ...packages,
          folders: async function* (prefix) {
            for await (const folder of packages.folders(prefix)) {
              for await (const { key } of packages.list(folder)) await packages.delete([key]);
              yield folder;
            }
          },
        },
      }),
      'sweep',
    ),
    ...strict,
    stories: ['restore'],
    within: 20,
  },
];
