export type { Loss } from './losses.ts';
export { isUnreadable } from './readable.ts';
export { type Repaired, type RepairOptions, writeRepaired } from './repair.ts';
export { type Survey, type SurveyOptions, surveyPackage } from './survey.ts';
