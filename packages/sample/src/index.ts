export type { SampleOptions } from './plan.ts';
export { type SampleProfile, sampleProfile } from './profile.ts';
export type { SampleFile } from './transaction-files.ts';
