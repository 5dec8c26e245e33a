/** Which files' bytes a repair could not save, and what the new manifest says of them. */
import type { Manifest } from '../manifest.ts';
import { safeFileName } from '../names.ts';
import { named } from './headers.ts';
import type { Loss } from './losses.ts';
import type { KeptIds } from './sieve.ts';
import { lastOf, type Survey } from './survey.ts';

type FailedFile = Manifest['failed_files'][number];

/**
 * @param written ids, as entry names spell them, of the files that are saved
 * @returns `failed` for the new manifest: what the old one stated and what is lost now; a file whose row is lost is not among them
 */
export const lostFiles = (
  survey: Survey,
  { owners }: KeptIds,
  written: ReadonlySet<string>,
): { failed: FailedFile[]; lost: Loss[] } => {
  const { manifest } = survey;
  const before = (manifest?.failed_files ?? []).filter(({ fileId }) => !written.has(safeFileName(fileId)));
  const stated = new Set(before.map(({ fileId }) => safeFileName(fileId)));
  const lost = lostByEntry(survey, written);
  const failed = [...before];
  const isLone = (manifest?.volume.count ?? 1) === 1;
  for (const [fileId, owner] of owners) {
    if (written.has(fileId) || stated.has(fileId)) continue;
    const found = lost.get(fileId);
    // Of a set, the bytes may stand in another volume.
    if (!found && !isLone) continue;
    const reason = found?.reason ?? 'no entry of it was found';
    lost.set(fileId, { ...found, what: 'file', ...owner, reason });
    failed.push({ ...owner, reason: `lost in a damaged package: ${reason}` });
  }
  return { failed, lost: [...lost.values()] };
};

/** Files that were damaged, and files that the manifest lists and that are nowhere. */
const lostByEntry = ({ lost, files, checksums }: Survey, written: ReadonlySet<string>): Map<string, Loss> => {
  const found = new Map<string, Loss>();
  for (const loss of lost) if (loss.what === 'file') found.set(loss.fileId, loss);
  for (const entry of checksums.keys()) {
    const { role } = named(entry);
    if (role?.is !== 'file' || written.has(role.fileId) || files.has(role.fileId) || found.has(role.fileId)) continue;
    const { fileId } = role;
    found.set(fileId, { what: 'file', entry, fileId, fileName: lastOf(entry), reason: 'not found' });
  }
  return found;
};
