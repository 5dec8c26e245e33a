/** How large a volume may be. Quotas bind; what a volume declares only narrows them. FORMAT.md, section 3. */

export type Limits = {
  /** Bytes of all entries together, uncompressed. */
  uncompressedBytes: number;
  entries: number;
  /** Bytes of the manifest, uncompressed. */
  manifestBytes: number;
  /** Bytes of one row's text. A row of 400 KB can need 2.4 MB when escaped. */
  lineBytes: number;
};

const [MiB, GiB] = [2 ** 20, 2 ** 30];

export const defaultLimits: Limits = {
  uncompressedBytes: 64 * GiB,
  entries: 1_200_000,
  manifestBytes: 32 * MiB,
  lineBytes: 4 * MiB,
};
