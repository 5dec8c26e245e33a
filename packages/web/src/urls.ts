/** The one maker of the UI's addresses. What must survive a reload stands in them. */
const id = encodeURIComponent;

export type RestoreStep = 'profile' | 'file';

export const urls = {
  overview: '/',
  signedIn: '/signed-in',
  backups: '/backups',
  backupsFrom: (page: number, asOf: number | undefined) =>
    page === 1 ? '/backups' : `/backups?page=${page}${asOf === undefined ? '' : `&asOf=${asOf}`}`,
  newBackup: '/backups/new',
  backup: (backupId: string) => `/backups/${id(backupId)}`,
  check: (backupId: string, validationId: string) => `/backups/${id(backupId)}/checks/${id(validationId)}`,
  restores: '/restores',
  newRestore: (step: RestoreStep = 'profile', checkOnly = false) =>
    `/restores/new?step=${step}${checkOnly ? '&only=check' : ''}`,
  restore: (restoreId: string) => `/restores/${id(restoreId)}`,
  clear: (clearId?: string) => (clearId === undefined ? '/profile/clear' : `/profile/clear?job=${id(clearId)}`),
  guide: '/guide.html',
} as const;
