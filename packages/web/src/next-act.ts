/** The one thing that a person should do next, and why. The first rule that fits. */
import type { Profile } from '@fzip/api/profile-schemas';
import type { RestoreListItem } from '@fzip/api/restore-schemas';
import type { BackupListItem } from '@fzip/api/schemas';
import { backupCan, backupMoves, restoreMoves } from './jobs.ts';
import { urls } from './urls.ts';

export type NextAct = { why: string; name: string; to: string };

type Known = { profile: Profile; backups: BackupListItem[]; restores: RestoreListItem[]; now: number };

const dayMs = 86_400_000;
/** Of a backup: after so long much may have come to the profile. */
const oldMs = 30 * dayMs;

export const nextAct = ({ profile, backups, restores, now }: Known): NextAct => {
  const asks = restores.find(({ status }) => status === 'awaiting_confirmation' || status === 'uploaded');
  if (asks) {
    const isRead = asks.status === 'awaiting_confirmation';
    return {
      why: isRead
        ? 'A package has been checked and waits for your word. Nothing is written before.'
        : 'A restore waits for its file.',
      name: isRead ? 'Read what it would restore' : 'Choose the file',
      to: urls.restore(asks.restoreId),
    };
  }
  const restoring = restores.find(({ status }) => restoreMoves[status]);
  if (restoring)
    return {
      why: 'A restore is running. You can leave this page.',
      name: 'Watch it',
      to: urls.restore(restoring.restoreId),
    };
  const making = backups.find(({ status }) => backupMoves[status]);
  if (making)
    return {
      why: 'A backup is being made. You can leave this page.',
      name: 'Watch it',
      to: urls.backup(making.backupId),
    };
  if (profile.empty)
    return {
      why: 'Your profile is empty. If you have a backup, it can be restored now.',
      name: 'Restore a backup',
      to: urls.newRestore(),
    };
  const last = backups.find((backup) => backupCan.download(backup) && backup.backupType === 'complete');
  if (!last)
    return {
      why: 'There is no complete backup of your profile that you could download.',
      name: 'Make a backup',
      to: urls.newBackup,
    };
  if (last.damaged || last.quality === 'poor')
    return {
      why: last.damaged ? 'Your last complete backup is damaged.' : 'Your last complete backup is not one to rely on.',
      name: 'Make a new backup',
      to: urls.newBackup,
    };
  if (now - last.requestedAt > oldMs)
    return {
      why: 'Your last complete backup is more than a month old.',
      name: 'Make a new backup',
      to: urls.newBackup,
    };
  const leads = { to: urls.backup(last.backupId) };
  if (last.provenAt === undefined)
    return {
      why: 'Your last backup was read back byte by byte, but never restored.',
      name: 'Prove that it restores',
      ...leads,
    };
  return {
    why: 'Your last backup is proven to restore. Keep a copy of the file where FZIP is not.',
    name: 'Download it',
    ...leads,
  };
};
