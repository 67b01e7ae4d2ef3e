import { appendFileSync } from 'node:fs';

/** `npm run faults` names a file: then everything runs, in every setting, and what came out is collected. */
const file = process.env['FAULTS_REPORT'];

/** Whether everything runs; otherwise a part that stands for it. */
export const isWhole = file !== undefined;

/** What came out of one case, for the table in the documentation. */
export interface Finding {
  readonly case: string;
  readonly name: string;
  readonly setting: string;
  readonly outcome: string;
  /** The finer cause, as logged. */
  readonly reason?: string | undefined;
  /** Absent for a story of many requests. */
  readonly status?: number;
  readonly ms: number;
}

/** Adds a line to the report. */
export function report(finding: Finding): void {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(finding)}\n`);
}

/** What nobody handled, and listeners that pile up, since the start of the process. */
export const defects: unknown[] = [];
const note = (defect: unknown) => defects.push(defect);
process.on('unhandledRejection', note).on('uncaughtExceptionMonitor', note);
process.on('warning', (warning) => warning.name === 'MaxListenersExceededWarning' && note(warning));
