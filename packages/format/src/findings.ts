/** What a check found: all of it counted, the first of it kept, and the first of each code. */
import { type Finding, PackageRefused } from './errors.ts';
import { shortText } from './texts.ts';

/** How many findings have each code. */
export type ByCode = Partial<Record<Finding['code'], number>>;

export type Report = { error(finding: Finding): void; warn(finding: Finding): void };

export type Findings = Report & {
  readonly errors: Finding[];
  readonly warnings: Finding[];
  /** Of all errors and warnings, kept or not. */
  readonly errorsByCode: ByCode;
  readonly warningsByCode: ByCode;
};

const shortened = ({ code, message, entry, id, path }: Finding): Finding => ({
  code,
  message: shortText(message),
  ...(entry !== undefined && { entry: shortText(entry, 150) }),
  ...(id !== undefined && { id: shortText(id, 100) }),
  ...(path !== undefined && { path: shortText(path, 150) }),
});

/** @param most how many errors, and how many warnings, are kept */
export const createFindings = (most = 100): Findings => {
  const [errors, warnings]: [Finding[], Finding[]] = [[], []];
  const [errorsByCode, warningsByCode]: [ByCode, ByCode] = [{}, {}];
  const keep = (kept: Finding[], byCode: ByCode, finding: Finding): void => {
    const before = byCode[finding.code] ?? 0;
    byCode[finding.code] = before + 1;
    if (kept.length < most || before === 0) kept.push(shortened(finding));
  };
  return {
    errors,
    warnings,
    errorsByCode,
    warningsByCode,
    error: (finding) => keep(errors, errorsByCode, finding),
    warn: (finding) => keep(warnings, warningsByCode, finding),
  };
};

export const countOf = (byCode: ByCode): number => Object.values(byCode).reduce((sum, count) => sum + count, 0);

/** Runs a piece of the check; a refusal becomes an error of the report, anything else is an accident. False if it was refused. */
export const reporting = async (report: Report, piece: () => Promise<void>): Promise<boolean> => {
  try {
    await piece();
    return true;
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    report.error({
      code: error.code,
      message: error.message,
      ...(error.entry === undefined ? {} : { entry: error.entry }),
    });
    return false;
  }
};
