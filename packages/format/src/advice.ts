/** What whoever holds a package can do about a reason that it is refused for. */
import type { RefusalCode } from './errors.ts';

const harmed =
  'The file was changed or cut on its way. Download the backup again and use that; if there is no other copy, `fzip repair` saves what is whole.';
const rebuilt =
  'No program that writes packages makes this. Use the file as it was downloaded; do not unpack it and pack it again.';
const contradicts =
  'The package contradicts itself: it was changed after it was written. Download the backup again; `fzip verify` lists everything that is wrong.';
const unfit =
  'HouseF3 could not hold these rows. `fzip verify` lists them all; `fzip repair` makes a package without them, if you can do without.';
const wholeSet = 'Give all volumes of one backup together, each once.';
const beyond = 'No backup is like this. If you did not make the file yourself, do not trust it.';

/** By code, in sentences. A table, so that a new reason cannot be without advice. */
export const advice: Readonly<Record<RefusalCode, string>> = {
  NOT_A_ZIP: 'Choose the file that was downloaded from a backup; its name ends in .fzip.',
  TRUNCATED: harmed,
  SEVERAL_DISKS: rebuilt,
  BAD_END_RECORD: harmed,
  BAD_ZIP64: harmed,
  BAD_DIRECTORY: harmed,
  HIDDEN_BYTES: rebuilt,
  OVERLAP: beyond,
  LOCAL_HEADER_DIFFERS: beyond,
  BAD_DESCRIPTOR: harmed,
  BAD_EXTRA_FIELD: rebuilt,
  RENAMED_ENTRY: beyond,
  ENCRYPTED: rebuilt,
  UNSUPPORTED_METHOD: rebuilt,
  UNSUPPORTED_ZIP: rebuilt,
  NOT_A_FILE: beyond,
  BAD_ENTRY_NAME: beyond,
  DUPLICATE_ENTRY: beyond,
  UNKNOWN_ENTRY: rebuilt,
  MISSING_ENTRY: contradicts,
  BAD_COMPRESSION: harmed,
  SIZE_MISMATCH: harmed,
  BAD_CRC: harmed,
  BAD_CHECKSUM: harmed,
  MISSING_CHECKSUM: contradicts,
  BAD_MANIFEST: contradicts,
  UNSUPPORTED_VERSION: 'The package was made by a newer version. Use that version, or update this one.',
  BAD_JSON: contradicts,
  BAD_TEXT: contradicts,
  BAD_NUMBER: unfit,
  TOO_DEEP: unfit,
  LINE_TOO_LONG: unfit,
  ROW_TOO_LARGE: unfit,
  COUNT_MISMATCH: contradicts,
  BAD_ROW: unfit,
  BAD_KEY: unfit,
  DUPLICATE_ID: contradicts,
  DANGLING_REFERENCE: contradicts,
  CATEGORY_CYCLE: unfit,
  BAD_STATEMENT: contradicts,
  STALE_STATEMENT: contradicts,
  WRONG_SET: wholeSet,
  MISSING_VOLUME: wholeSet,
  DUPLICATE_VOLUME: wholeSet,
  MISPLACED_ROWS: contradicts,
  NOT_READ: rebuilt,
  TOO_MANY_ENTRIES: beyond,
  REPAIRED: 'It holds less than the backup did. The report of the repair says what is missing.',
  NOTHING_SAVED: 'Look for another copy of the file.',
  TOO_LARGE: beyond,
};

/** Reasons that no accident makes: a package with one of them was made to deceive a reader. */
export const hostile: ReadonlySet<RefusalCode> = new Set([
  'OVERLAP',
  'LOCAL_HEADER_DIFFERS',
  'RENAMED_ENTRY',
  'NOT_A_FILE',
  'BAD_ENTRY_NAME',
  'DUPLICATE_ENTRY',
  'TOO_MANY_ENTRIES',
  'TOO_LARGE',
] satisfies RefusalCode[]);
