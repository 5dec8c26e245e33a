export * from './advice.ts';
export * from './check.ts';
export { type Converted, type ConvertOptions, convertPackage } from './convert/convert.ts';
export type { Listed } from './convert/differences.ts';
export { toHousef3Row } from './convert/housef3-row.ts';
export { proveConverted } from './convert/prove.ts';
export * from './decimal.ts';
export * from './decimal-sum.ts';
export * from './defects.ts';
export { comparable } from './diff/comparable.ts';
export {
  type Difference,
  type DiffKind,
  type DiffOptions,
  diffKinds,
  diffPackages,
  type PackageDiff,
} from './diff/diff.ts';
export * from './digest.ts';
export * from './entities.ts';
export * from './errors.ts';
export * from './fields.ts';
export * from './http-source.ts';
export { createIdSet, type IdSet } from './id-set.ts';
export * from './limits.ts';
export { countKey, Manifest, manifestEntry, type Problem, problems } from './manifest.ts';
export * from './names.ts';
export { normalizer } from './normalize.ts';
export { orderOf } from './order.ts';
export * from './package-row.ts';
export { plainCheck } from './plain-row.ts';
export * from './preview.ts';
export * from './reader.ts';
export * from './repair/index.ts';
export * from './row.ts';
export { missingVolumes, oneSet, volumeText } from './set.ts';
export * from './source.ts';
export { shortText } from './texts.ts';
export * from './transaction-hash.ts';
export { type Unwritable, unwritableKeys } from './writable.ts';
export * from './writer.ts';
