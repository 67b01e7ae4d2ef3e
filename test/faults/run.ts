/**
 * Runs the whole fault laboratory, every row in every setting, and prints what came out. `--markdown` prints the table of
 * docs/failures.md.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'faults-'));
const file = join(folder, 'findings.jsonl');
const asMarkdown = process.argv.includes('--markdown');

const { status } = spawnSync('vitest', ['run', '--project', 'sockets', 'test/faults/'], {
  // The table alone goes to standard output.
  stdio: ['ignore', asMarkdown ? 2 : 'inherit', 'inherit'],
  env: { ...process.env, FAULTS_REPORT: file, LONG_TESTS: '1' },
});
const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
rmSync(folder, { recursive: true });
const table = toTable(lines.map((line) => JSON.parse(line) as Finding)); // report.ts wrote it
if (asMarkdown) process.stdout.write(toMarkdown(table));
else console.table(table);
process.exitCode = status ?? 1;

/** One row for each way to fail, whatever the setting. What was done to one case stands together. */
function toTable(findings: readonly Finding[]): readonly Readonly<Record<string, string | number>>[] {
  const cases = [...Map.groupBy(findings, (finding) => finding.case).values()];
  return cases.flatMap((ofCase) =>
    [...Map.groupBy(ofCase, ({ name }) => name).values()].map((same) => ({
      case: same[0]?.case ?? '',
      'what is done': same[0]?.name ?? '',
      outcome: toList(same.map(({ outcome, reason }) => (reason === undefined ? outcome : `${outcome}: ${reason}`))),
      'status if required': toStatuses(same, 'required'),
      'if optional': toStatuses(same, 'optional'),
      'ms at most': Math.max(...same.map(({ ms }) => ms)),
    })),
  );
}

function toStatuses(findings: readonly Finding[], kind: string): string {
  return toList(findings.flatMap(({ setting, status: each }) => (setting.endsWith(kind) ? String(each ?? '') : [])));
}

function toList(values: readonly string[]): string {
  return [...new Set(values)].toSorted().join(', ');
}

function toMarkdown(table: readonly Readonly<Record<string, string | number>>[]): string {
  const head = Object.keys(table[0] ?? {});
  const rows = [head, head.map(() => '-'), ...table.map((row) => Object.values(row).map(toCell))];
  return rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** Text for a cell: what would end it, or could not be seen, is written in another way. */
function toCell(value: string | number): string {
  const invisible = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return String(value)
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replace(/[\p{Cc}\u00a0]/gu, invisible);
}
