/** What a check found: all of it counted, the first of it kept. */
import { type Finding, PackageRefused } from './errors.ts';

export type Report = { error(finding: Finding): void; warn(finding: Finding): void };

export type Findings = Report & {
  readonly errors: Finding[];
  readonly warnings: Finding[];
  /** Of all errors, kept or not. */
  errorCount(): number;
};

/** @param most how many errors, and how many warnings, are kept */
export const createFindings = (most = 100): Findings => {
  const [errors, warnings]: [Finding[], Finding[]] = [[], []];
  let count = 0;
  return {
    errors,
    warnings,
    errorCount: () => count,
    error: (finding) => {
      count += 1;
      if (errors.length < most) errors.push(finding);
    },
    warn: (finding) => {
      if (warnings.length < most) warnings.push(finding);
    },
  };
};

/** Runs a piece of the check; a refusal becomes an error of the report, anything else is an accident. */
export const reporting = async (report: Report, piece: () => Promise<void>): Promise<void> => {
  try {
    await piece();
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    report.error({
      code: error.code,
      message: error.message,
      ...(error.entry === undefined ? {} : { entry: error.entry }),
    });
  }
};
