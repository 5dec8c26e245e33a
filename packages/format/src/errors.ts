/** What a package can be refused for. One code per reason, so that each can be looked up. */
export const refusals = {
  NOT_A_ZIP: 'the file is no ZIP archive',
  TRUNCATED: 'the file ends too early',
  UNSUPPORTED_ZIP: 'the archive uses a feature that packages do not have',
  BAD_ENTRY_NAME: 'an entry has a name that packages do not have',
  DUPLICATE_ENTRY: 'two entries share a name or a file',
  UNKNOWN_ENTRY: 'an entry belongs to nothing',
  MISSING_ENTRY: 'an entry that must be there is missing',
  BAD_STRUCTURE: 'the archive contradicts itself',
  BAD_CRC: 'the bytes of an entry differ from its CRC',
  BAD_CHECKSUM: 'the bytes of an entry differ from the manifest',
  BAD_MANIFEST: 'the manifest is not as the format says',
  UNSUPPORTED_VERSION: 'the package is of a version that cannot be read',
  BAD_JSON: 'a data file is not as the format says',
  COUNT_MISMATCH: 'the manifest counts other than the data',
  BAD_ROW: 'a row is not as its kind demands',
  DUPLICATE_ID: 'two rows of a kind share an id',
  DANGLING_REFERENCE: 'a row refers to a row that is not there, and the manifest does not say so',
  CATEGORY_CYCLE: 'categories are their own ancestors',
  TOO_LARGE: 'the package is beyond a limit',
} as const;

export type RefusalCode = keyof typeof refusals;

/** A verdict about a package, thrown so that no row of a refused package is ever handed on. */
export class PackageRefused extends Error {
  readonly code: RefusalCode;
  /** The entry it is about, where it is about one. */
  readonly entry: string | undefined;

  /** @param message names what was found and what is allowed */
  constructor(code: RefusalCode, message: string, entry?: string) {
    super(entry === undefined ? message : `${entry}: ${message}`);
    this.name = 'PackageRefused';
    this.code = code;
    this.entry = entry;
  }
}

/** One thing that a check found: an error or, where it stands among them, a warning. */
export type Finding = { code: RefusalCode; message: string; entry?: string; id?: string };
