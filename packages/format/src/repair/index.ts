export type { Loss } from './losses.ts';
export { type Repaired, type RepairOptions, writeRepaired } from './repair.ts';
export { type Survey, type SurveyOptions, surveyPackage } from './survey.ts';
