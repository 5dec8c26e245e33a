import type { Profile } from '@fzip/api/profile-schemas';
import type { RestoreListItem } from '@fzip/api/restore-schemas';
import type { BackupListItem } from '@fzip/api/schemas';
import { expect, test } from 'vitest';
import { nextAct } from '../src/next-act.ts';

const now = 1_800_000_000_000;
const profile = { empty: false } as Profile;
const backup = (more: Partial<BackupListItem> = {}): BackupListItem => ({
  backupId: 'b',
  status: 'completed',
  backupType: 'complete',
  requestedAt: now - 1_000,
  progress: 100,
  quality: 'excellent',
  provenAt: now,
  ...more,
});
const restore = (status: RestoreListItem['status']) => ({ restoreId: 'r', status }) as RestoreListItem;

test.each([
  [
    'a package that waits for its confirmation',
    { restores: [restore('awaiting_confirmation')] },
    'Read what it would restore',
  ],
  ['a restore that waits for its file', { restores: [restore('uploaded')] }, 'Choose the file'],
  ['a running restore', { restores: [restore('processing')] }, 'Watch it'],
  ['a running backup', { backups: [backup({ status: 'processing' })] }, 'Watch it'],
  ['an empty profile', { profile: { empty: true } as Profile }, 'Restore a backup'],
  ['no backup', {}, 'Make a backup'],
  ['a backup of a part', { backups: [backup({ backupType: 'accounts_only' })] }, 'Make a backup'],
  ['an expired backup', { backups: [backup({ status: 'expired' })] }, 'Make a backup'],
  ['a damaged backup', { backups: [backup({ damaged: true })] }, 'Make a new backup'],
  ['a poor backup', { backups: [backup({ quality: 'poor' })] }, 'Make a new backup'],
  ['an old backup', { backups: [backup({ requestedAt: now - 40 * 86_400_000 })] }, 'Make a new backup'],
  ['a backup that nobody proved', { backups: [{ ...backup(), provenAt: undefined }] }, 'Prove that it restores'],
  ['a proven backup', { backups: [backup()] }, 'Download it'],
])('%s: one thing to do', (_what, known, name) => {
  const act = nextAct({ profile, backups: [], restores: [], now, ...(known as object) });
  expect(act.name).toBe(name);
  expect(act.why).toMatch(/\.$/);
});
