import { shortText } from './texts.ts';

/** What a package can be refused for. One code per reason, so that each can be looked up. */
export const refusals = {
  NOT_A_ZIP: 'the file is no ZIP archive',
  TRUNCATED: 'the file, or an entry, ends too early',
  SEVERAL_DISKS: 'the archive is one of several disks',
  BAD_END_RECORD: 'the end of the archive contradicts it, or stands there twice',
  BAD_ZIP64: 'the zip64 records contradict the others',
  BAD_DIRECTORY: 'the central directory is not as ZIP demands',
  HIDDEN_BYTES: 'bytes stand where no entry has them',
  OVERLAP: 'two entries, or an entry and the directory, share bytes',
  LOCAL_HEADER_DIFFERS: 'the local header of an entry says other than the directory',
  BAD_DESCRIPTOR: 'the data descriptor of an entry is missing or says other than the directory',
  BAD_EXTRA_FIELD: 'an extra field reaches beyond its header or stands there twice',
  RENAMED_ENTRY: 'an extra field gives an entry another name',
  ENCRYPTED: 'an entry is encrypted',
  UNSUPPORTED_METHOD: 'an entry is compressed in a way that packages do not have',
  UNSUPPORTED_ZIP: 'an entry needs a later version of ZIP than packages do',
  NOT_A_FILE: 'an entry is a link, a device or the like, or a folder with bytes',
  BAD_ENTRY_NAME: 'an entry has a name that packages do not have',
  DUPLICATE_ENTRY: 'two entries share a name or a file',
  UNKNOWN_ENTRY: 'an entry belongs to nothing',
  MISSING_ENTRY: 'an entry that must be there is missing',
  BAD_COMPRESSION: 'the compressed bytes of an entry are broken, or end before the entry does',
  SIZE_MISMATCH: 'an entry has more or fewer bytes than is stated',
  BAD_CRC: 'the bytes of an entry differ from its CRC',
  BAD_CHECKSUM: 'the bytes of an entry differ from the manifest',
  MISSING_CHECKSUM: 'the manifest states no checksum of an entry',
  BAD_MANIFEST: 'the manifest is not as the format says',
  UNSUPPORTED_VERSION: 'the package is of a version that cannot be read',
  BAD_JSON: 'a data file is not as the format says',
  BAD_TEXT: 'a text is not well-formed Unicode',
  BAD_NUMBER: 'a number is beyond what the tables hold',
  TOO_DEEP: 'a row has too many levels',
  LINE_TOO_LONG: 'the text of a row is too long',
  ROW_TOO_LARGE: 'a row is larger than the tables hold',
  COUNT_MISMATCH: 'the manifest counts other than the data',
  BAD_ROW: 'a row is not as its kind demands',
  BAD_KEY: 'the tables would refuse a row for one of its keys',
  DUPLICATE_ID: 'two rows of a kind share an id',
  DANGLING_REFERENCE: 'a row refers to a row that is not there, and the manifest does not say so',
  CATEGORY_CYCLE: 'categories are their own ancestors',
  BAD_STATEMENT: 'known_defects states fewer rows than there are',
  STALE_STATEMENT: 'known_defects states more rows than there are',
  WRONG_SET: 'volumes of different packages were given together',
  MISSING_VOLUME: 'a volume of the set is missing',
  DUPLICATE_VOLUME: 'a volume of the set was given twice',
  MISPLACED_ROWS: 'rows stand in a volume that may not hold them',
  NOT_READ: 'a part of the archive is not read',
  TOO_MANY_ENTRIES: 'the archive has more entries than a limit allows',
  REPAIRED: 'the package is what could be saved of a damaged one',
  NOTHING_SAVED: 'nothing of a damaged package could be saved',
  TOO_LARGE: 'the package is beyond a limit of bytes',
} as const;

export type RefusalCode = keyof typeof refusals;

/** A verdict about a package, thrown so that no row of a refused package is ever handed on. */
export class PackageRefused extends Error {
  readonly code: RefusalCode;
  /** The entry it is about, where it is about one. */
  readonly entry: string | undefined;

  /** @param message names what was found and what is allowed */
  constructor(code: RefusalCode, message: string, entry?: string) {
    super(shortText(entry === undefined ? message : `${shortText(entry, 150)}: ${message}`));
    this.name = 'PackageRefused';
    this.code = code;
    this.entry = entry;
  }
}

/**
 * One thing that a check found: an error or, where it stands among them, a warning. `path` is the JSON path of what is wrong within
 * `entry`, where it is a row: `$.transactions[12].amount`.
 */
export type Finding = { code: RefusalCode; message: string; entry?: string; id?: string; path?: string };
