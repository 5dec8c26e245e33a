/**
 * Who may do what: for each function what its code asks of the domain's ports, as a table. `policy.ts` makes IAM statements of it,
 * `docs/security.md` shows it, and `test/infra` holds it against the code: nothing that a step can call is missing, nothing is there that it
 * cannot call.
 */

import type { hostTables } from '../packages/core/src/stores.ts';
import type { FunctionName, Step } from '../packages/core/src/topology.ts';

export type HostTable = (typeof hostTables)[number];
/** What a package holds, as folders of the packages bucket: DESIGN.md sections 3 and 4. */
export type Prefix = 'staging/' | 'uploads/' | 'packages/' | 'scratch/';

/** Methods of JobStore and Ledger, which share one table. */
export type JobMethod =
  | 'find'
  | 'create'
  | 'change'
  | 'report'
  | 'announce'
  | 'list'
  | 'count'
  | 'withStatus'
  | 'delete'
  | 'put'
  | 'get'
  | 'range'
  | 'mark'
  | 'lease'
  | 'release'
  | 'leaseUntil'
  | 'tally'
  | 'blame'
  | 'blamed'
  | 'lockProfile'
  | 'unlockProfile'
  | 'takeTurn'
  | 'remember'
  | 'recall'
  | 'bury';

/** Methods of ProfileStore. */
export type ProfileMethod =
  | 'page'
  | 'unindexed'
  | 'count'
  | 'span'
  | 'get'
  | 'putOwn'
  | 'putFresh'
  | 'deleteOwn'
  | 'markAnalyticsStale';

/** Methods of ObjectStore. */
export type ObjectMethod =
  | 'put'
  | 'upload'
  | 'head'
  | 'read'
  /** `copyFrom` and `copyTo` are the two ends of `copy`. */
  | 'copyFrom'
  | 'copyTo'
  | 'versions'
  | 'everyVersion'
  | 'deleteVersion'
  | 'list'
  | 'folders'
  | 'delete'
  | 'unfinished'
  | 'abort'
  | 'presignGet'
  | 'presignPost';

export type ProfileUses = { [method in ProfileMethod]?: readonly HostTable[] };

export type Uses = {
  jobs?: readonly JobMethod[];
  profile?: ProfileUses;
  /** The same on the tables that round trips restore to. */
  scratch?: ProfileUses;
  packages?: { [prefix in Prefix]?: readonly ObjectMethod[] };
  /** HouseF3's file storage. */
  files?: readonly ObjectMethod[];
  sends?: readonly Step[];
  publishes?: boolean;
};

const kinds: readonly HostTable[] = [
  'accounts',
  'categories',
  'fileMaps',
  'transactionFiles',
  'transactions',
  'analyticsData',
];

/** What every step does that looks at its job first, ends it where that is due, and says so. */
const standing: readonly JobMethod[] = ['find', 'change', 'announce', 'blame'];
/** A piece of work: its record, its place in the set of finished ones, its progress. */
const piece: readonly JobMethod[] = ['get', 'put', 'mark', 'report', 'tally'];
const leased: readonly JobMethod[] = ['lease', 'release', 'leaseUntil'];
/** Deletes a folder of the packages bucket, uploads that were begun in it too. */
const clearing: readonly ObjectMethod[] = ['list', 'delete', 'unfinished', 'abort'];

/** A step of which a round trip is made does the same on scratch tables and in `scratch/`, and tells the validation it is for. */
const inRoundTrips = (uses: Uses): Uses => ({
  ...uses,
  ...(uses.profile === undefined ? {} : { scratch: { ...uses.profile, ...uses.scratch } }),
  packages: { ...uses.packages, ...(uses.files === undefined ? {} : { 'scratch/': uses.files }) },
  sends: [...new Set([...(uses.sends ?? []), 'backup-examine' as const])],
});

const writing: readonly Step[] = [
  'restore-accounts',
  'restore-categories',
  'restore-file-maps',
  'restore-transaction-files',
  'restore-transactions',
  'restore-analytics',
  'restore-verify',
];

/** What begins or goes on with a job: the API sends it first, and the sweep again. */
const asked: readonly Step[] = [
  'backup-request',
  'backup-examine',
  'profile-clear',
  'restore-start',
  'restore-unpack',
  ...writing,
  'restore-rollback',
];

/** The steps that write the rows of one kind share one function of the domain; files come with their rows. */
const restoreStep = (step: Step, table: HostTable, more: Uses = {}): Uses =>
  inRoundTrips({
    jobs: [...standing, ...piece, ...leased, 'unlockProfile'],
    profile: { putOwn: [table], putFresh: [table], ...more.profile },
    packages: { 'staging/': ['read'], ...more.packages },
    ...(more.files === undefined ? {} : { files: more.files }),
    sends: [step, ...writing.slice(writing.indexOf(step) + 1), 'restore-rollback'],
    publishes: true,
  });

export const uses: Readonly<Record<FunctionName, Uses>> = {
  'backup-request': inRoundTrips({
    jobs: [...standing, 'create', 'get', 'list'],
    profile: { count: kinds, span: ['transactions'], get: ['accounts', 'categories'] },
    sends: ['backup-request', 'backup-collect'],
    publishes: true,
  }),
  'backup-collect': inRoundTrips({
    jobs: [...standing, ...piece, 'range'],
    profile: { page: kinds, unindexed: ['transactions', 'categories'], get: ['accounts', 'categories'] },
    packages: { 'staging/': ['put', 'read'] },
    files: ['list'],
    sends: ['backup-collect', 'backup-package'],
    publishes: true,
  }),
  'backup-package': inRoundTrips({
    jobs: [...standing, ...piece, ...leased, 'range'],
    packages: { 'staging/': ['read'], 'packages/': ['upload', 'delete'] },
    files: ['head', 'read'],
    sends: ['backup-package', 'backup-validate'],
    publishes: true,
  }),
  'backup-validate': inRoundTrips({
    jobs: [...standing, ...piece, ...leased, 'range', 'list'],
    packages: { 'staging/': ['read'], 'packages/': ['head', 'read', 'upload', 'delete'] },
    sends: ['backup-validate'],
    publishes: true,
  }),
  'backup-examine': {
    jobs: [
      ...standing,
      ...leased,
      'create',
      'delete',
      'get',
      'put',
      'range',
      'report',
      'tally',
      'lockProfile',
      'unlockProfile',
    ],
    profile: { page: kinds, get: kinds },
    scratch: { page: kinds, deleteOwn: kinds },
    packages: {
      'staging/': ['put', 'read', ...clearing],
      'uploads/': clearing,
      'packages/': ['head', 'read', ...clearing],
      'scratch/': clearing,
    },
    files: ['head'],
    sends: ['backup-examine', 'backup-request', 'restore-unpack', 'restore-rollback'],
    publishes: true,
  },
  'restore-start': {
    jobs: [...standing, 'unlockProfile'],
    packages: { 'uploads/': ['head', 'list', 'copyFrom'], 'staging/': ['head', 'copyTo'] },
    sends: ['restore-start', 'restore-unpack', 'restore-rollback'],
    publishes: true,
  },
  'restore-unpack': inRoundTrips({
    jobs: [...standing, ...leased, 'get', 'put', 'mark', 'range', 'report', 'lockProfile', 'unlockProfile'],
    profile: { count: kinds, page: ['categories'] },
    packages: { 'staging/': ['put', 'read'], 'packages/': ['read'] },
    sends: ['restore-unpack', 'restore-check', ...writing, 'restore-rollback'],
    publishes: true,
  }),
  'restore-check': inRoundTrips({
    jobs: [...standing, ...piece, 'range', 'lockProfile', 'unlockProfile'],
    profile: { count: kinds, page: ['categories'], get: kinds },
    packages: { 'staging/': ['read'] },
    sends: ['restore-check', ...writing, 'restore-rollback'],
    publishes: true,
  }),
  'restore-accounts': restoreStep('restore-accounts', 'accounts'),
  'restore-categories': restoreStep('restore-categories', 'categories'),
  'restore-file-maps': restoreStep('restore-file-maps', 'fileMaps'),
  'restore-transaction-files': restoreStep('restore-transaction-files', 'transactionFiles', {
    packages: { 'staging/': ['read'], 'packages/': ['read'] },
    // What was written too late is taken back, where its row is not there.
    profile: { get: ['transactionFiles'] },
    files: ['put', 'upload', 'versions', 'deleteVersion'],
  }),
  'restore-transactions': restoreStep('restore-transactions', 'transactions'),
  'restore-analytics': restoreStep('restore-analytics', 'analyticsData'),
  'restore-verify': inRoundTrips({
    jobs: [...standing, ...piece, 'unlockProfile'],
    profile: { count: kinds, get: kinds },
    packages: { 'staging/': ['read'], 'packages/': ['read'] },
    files: ['head', 'read'],
    sends: ['restore-verify', 'restore-rollback'],
    publishes: true,
  }),
  'restore-rollback': inRoundTrips({
    jobs: [...standing, ...leased, 'get', 'put', 'report', 'blamed', 'unlockProfile'],
    profile: { get: kinds, deleteOwn: kinds },
    packages: { 'staging/': ['read'] },
    files: ['versions', 'deleteVersion'],
    sends: ['restore-rollback'],
    publishes: true,
  }),
  'analytics-refresh': { jobs: ['find'], profile: { markAnalyticsStale: ['analyticsStatus'] } },
  'profile-clear': {
    jobs: [...standing, ...leased, 'report', 'lockProfile', 'unlockProfile'],
    profile: { page: kinds, unindexed: ['transactions'], get: kinds, deleteOwn: kinds },
    files: ['everyVersion', 'deleteVersion'],
    sends: ['profile-clear'],
    publishes: true,
  },
  sweep: {
    jobs: [
      'find',
      'change',
      'announce',
      ...leased,
      'delete',
      'get',
      'put',
      'range',
      'report',
      'withStatus',
      'remember',
      'recall',
      'lockProfile',
      'unlockProfile',
    ],
    scratch: { page: kinds, deleteOwn: kinds },
    packages: {
      'staging/': ['folders', 'read', ...clearing],
      'uploads/': ['folders', ...clearing],
      'packages/': clearing,
      'scratch/': clearing,
    },
    files: ['unfinished', 'abort'],
    sends: [...asked, 'backup-collect', 'backup-package', 'backup-validate'],
    publishes: true,
  },
  'dead-letter': {
    jobs: ['find', 'change', 'announce', 'blamed', 'bury', 'unlockProfile'],
    sends: ['restore-rollback', 'backup-examine'],
    publishes: true,
  },
  api: {
    jobs: [
      'find',
      'create',
      'change',
      'report',
      'announce',
      'list',
      'count',
      'delete',
      'get',
      'put',
      'range',
      'takeTurn',
      'lockProfile',
      'unlockProfile',
    ],
    profile: { count: kinds, page: ['categories'], get: ['accounts', 'categories'] },
    packages: {
      'uploads/': ['head', 'presignPost', ...clearing],
      'staging/': clearing,
      'packages/': ['presignGet', ...clearing],
    },
    sends: asked,
    publishes: true,
  },
};
