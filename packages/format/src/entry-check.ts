/** Compares the entries of a volume with what its manifest and its layout demand. */
import { dataEntry, type EntityKind, entityKinds } from './entities.ts';
import type { Finding } from './errors.ts';
import type { Report } from './findings.ts';
import { manifestEntry } from './manifest.ts';
import type { Volume } from './reader.ts';

/** Reports what must be there and is not, and what nothing lists. */
export const checkEntries = (volume: Volume, report: Report): void => {
  // Of a million entries only those are kept that a manifest has named, which has a quota of its own.
  const names = new Set<string>();
  for (const { name } of volume.entries) if (volume.checksums.has(name)) names.add(name);
  const within = new Set([...volume.inflated.keys()].map(dataEntry));
  for (const name of volume.checksums.keys()) {
    if (names.has(name) || within.has(name)) continue;
    const message = `${name}: listed in the manifest, not in the volume`;
    report.error({ code: 'MISSING_ENTRY', message, entry: name });
  }
  for (const kind of entityKinds) {
    if (kind !== 'analytics' && !volume.data.has(kind)) checkMissing(volume, kind, report);
  }
  if (volume.checksums.size > 0) {
    checkListed(volume, report);
    return;
  }
  const message = 'the manifest has no checksums: not verifiable';
  report.warn({ code: 'MISSING_CHECKSUM', message, entry: manifestEntry });
};

/** HouseF3 takes a missing data file for an empty one; that must not hide rows which the manifest counts. */
const checkMissing = ({ manifest, dialect, checksums }: Volume, kind: EntityKind, report: Report): void => {
  const entry = dataEntry(kind);
  if (manifest.volume.number !== 1 || checksums.has(entry)) return;
  if (dialect === 'housef3-2.5')
    report.warn({ code: 'MISSING_ENTRY', message: `${entry}: missing, taken for empty`, entry });
  else
    report.error({ code: 'MISSING_ENTRY', message: `${entry}: missing; all five data files are in volume 1`, entry });
};

const checkListed = (volume: Volume, report: Report): void => {
  for (const { name, role } of volume.entries) {
    if (role.is !== 'data' && role.is !== 'file') continue;
    if (volume.checksums.has(name) || (role.is === 'data' && volume.inflated.has(role.kind))) continue;
    const finding: Finding = {
      code: 'MISSING_CHECKSUM',
      message: `${name}: without checksum in the manifest`,
      entry: name,
    };
    if (role.is === 'data') report.error(finding);
    else report.warn({ ...finding, message: `${finding.message}: not verifiable` });
  }
};
