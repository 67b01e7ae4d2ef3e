import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Guarantee, toCount } from './guarantee.ts';

/** What is read of vitest's JSON report. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** The fault laboratory, every row and story of it whose source is optional. */
export const optionalSources: Guarantee = {
  name: 'optional-sources',
  promise: 'optional sources never harm',
  figure: '100 % of the fault table',
  usual: { seconds: 600, count: Number.POSITIVE_INFINITY },
  smoke: { seconds: 60, count: 1 },
  async measure({ seconds, count }) {
    const folder = await mkdtemp(join(tmpdir(), 'guarantees-'));
    try {
      const file = join(folder, 'report.json');
      await runLaboratory(file, seconds, count > 1);
      const report = JSON.parse(await readFile(file, 'utf8')) as Report; // vitest wrote it
      const tests = report.testResults
        .flatMap(({ assertionResults }) => assertionResults)
        .filter(({ title }) => title.endsWith('-optional'));
      const failed = tests.filter(({ status }) => status !== 'passed').map(({ title }) => title);
      const examples = failed.length === 0 ? '' : `; not: ${failed.slice(0, 5).join('; ')}`;
      return {
        holds: tests.length > 0 && failed.length === 0,
        result: `${toCount(tests.length - failed.length)} of ${toCount(tests.length)} cases${examples}`,
      };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** A few failures are no reason to reject: they are in the report. */
function runLaboratory(file: string, seconds: number, isWhole: boolean): Promise<void> {
  // What names a report of the laboratory's own makes it run every row in every setting.
  const whole = isWhole ? { FAULTS_REPORT: `${file}.findings`, LONG_TESTS: '1' } : {};
  const child = spawn('vitest', ['run', '--project', 'sockets', isWhole ? 'test/faults/' : 'test/faults/upstream'], {
    stdio: 'ignore',
    env: { ...process.env, ...whole, TEST_REPORT: file },
    timeout: seconds * 1_000,
  });
  return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve()));
}
