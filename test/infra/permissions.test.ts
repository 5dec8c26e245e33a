/** The table of who may do what, against what the code of each function can ask: nothing too little, nothing too much. */
import { type FunctionName, functionNames, type Step } from '@fzip/core';
import { entityKinds } from '@fzip/format';
import { describe, expect, test } from 'vitest';
import { uses } from '../../stacks/permissions.ts';
import { reachOf, type Use } from './reach.ts';

/** These hand on to the ports what others ask of them. */
const passedOn = ['core/src/world', 'core/src/prefixed'];

/** In the order in which a restore writes. */
const restoreSteps = entityKinds.map((kind) => `restore-${kind.replaceAll('_', '-')}` as Step);

/** What the code could call by its shape and never does, with the reason. */
const never: { by: RegExp; what: RegExp; because: string }[] = [
  {
    by: /^backup-(request|collect|package|validate)$/,
    what: /^(jobs\.unlockProfile|send restore-rollback)$/,
    because: 'only a restore and a clearing hold a profile, and only a restore is rolled back',
  },
  { by: /^profile-clear$/, what: /^send restore-rollback$/, because: 'only a restore is rolled back' },
  {
    by: /^restore-(accounts|categories|file-maps|transactions|analytics)$/,
    what: /^(files\.|profile\.get$)/,
    because: 'bytes come with rows of transaction files, in their step; the others share its code',
  },
  {
    by: /^(restore-start|profile-clear|analytics-refresh)$/,
    what: /^send backup-examine$/,
    because: 'their messages carry no mark of a round trip',
  },
  {
    by: /^analytics-refresh$/,
    what: /^(jobs\.blame|send analytics-refresh)$/,
    because: 'its message names no work, and nobody else holds what it writes',
  },
  ...restoreSteps.map((step, n) => ({
    by: new RegExp(`^${step}$`),
    what: new RegExp(`^send (${restoreSteps.slice(0, n).join('|') || 'none'})$`),
    because: 'a restore goes from kind to kind in one order, and never back',
  })),
];

/** What one mention means: `jobs.find`, `profile.page`, `packages.read`, `files.head`, `send backup-collect`, `publish`. */
const meanings = (name: FunctionName, { port, method, text, file }: Use): string[] => {
  if (port === 'JobStore' || port === 'Ledger') return [`jobs.${method}`];
  if (port === 'EventBus') return ['publish'];
  // `world.profiles` is that of a round trip.
  if (port === 'ProfileStore') return [`profile.${method}`];
  if (port === 'Queues') {
    if (text === 'step') return [`send ${name}`];
    if (text.startsWith('restoreSteps[')) return restoreSteps.map((step) => `send ${step}`);
    return [`send ${text}`];
  }
  const methods = method === 'copy' ? ['copyFrom', 'copyTo'] : [method];
  // A store that is handed over: `removeAll` and sources of packages are of the packages bucket.
  const bucket = /(^|\.)files\./.test(text) ? 'files' : 'packages';
  return methods.map((each) =>
    file === 'core/src/backup/lifecycle' || bucket === 'packages' ? `packages.${each}` : `files.${each}`,
  );
};

const reached = (name: FunctionName, mentions: readonly Use[]): Set<string> => {
  const real = mentions.filter(({ file }) => !passedOn.includes(file));
  const found = new Set(real.flatMap((use) => meanings(name, use)));
  // In a round trip what is published wakes the validation instead.
  if (mentions.some(({ file, port }) => file === 'core/src/world' && port === 'Queues') && found.has('publish')) {
    found.add('send backup-examine');
  }
  return new Set([...found].filter((what) => !never.some((rule) => rule.by.test(name) && rule.what.test(what))));
};

const granted = (name: FunctionName): Set<string> => {
  const { jobs = [], profile = {}, scratch = {}, packages = {}, files = [], sends = [], publishes } = uses[name];
  // A folder that stands for file storage in round trips is not asked as one of packages.
  const { 'scratch/': inRoundTrips = [], ...folders } = packages;
  const ofScratch = files.length > 0 && inRoundTrips.every((method) => files.includes(method)) ? [] : inRoundTrips;
  return new Set([
    ...jobs.map((method) => `jobs.${method}`),
    ...Object.keys({ ...profile, ...scratch }).map((method) => `profile.${method}`),
    ...[...Object.values(folders).flat(), ...ofScratch].map((method) => `packages.${method}`),
    ...files.map((method) => `files.${method}`),
    ...sends.map((step) => `send ${step}`),
    ...(publishes ? ['publish'] : []),
  ]);
};

const reach = reachOf(functionNames);

describe('what a function may do is what its code can ask', () => {
  test.each(functionNames)('%s', (name) => {
    const [can, may] = [reached(name, reach.get(name) ?? []), granted(name)];
    expect({
      'asked for and not allowed': [...can].filter((what) => !may.has(what)).sort(),
      'allowed and not asked for': [...may].filter((what) => !can.has(what)).sort(),
    }).toEqual({ 'asked for and not allowed': [], 'allowed and not asked for': [] });
  });
});
