export * from './decimal.ts';
export * from './digest.ts';
export * from './entities.ts';
export * from './errors.ts';
export * from './fields.ts';
export * from './package-row.ts';
export * from './row.ts';
