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
const findings = existsSync(file) ? readFindings() : [];
rmSync(folder, { recursive: true });
if (asMarkdown) process.stdout.write(toMarkdown(findings));
else console.table(findings);
process.exitCode = status ?? 1;

function readFindings(): readonly Finding[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Finding); // report.ts wrote it
}

/** One line for each way to fail; the four settings are columns. */
function toMarkdown(all: readonly Finding[]): string {
  const settings = [...new Set(all.map(({ setting }) => setting))].toSorted();
  const rows = Map.groupBy(all, (finding) => `| ${toCell(finding.case)} | ${toCell(finding.name)}`);
  const lines = [...rows].map(([start, findings]) => {
    const cells = settings.map((setting) => toResult(findings.find((finding) => finding.setting === setting)));
    const outcomes = new Set(findings.map(({ outcome, reason }) => (reason ? `${outcome}: ${reason}` : outcome)));
    return `${start} | ${[...outcomes].toSorted().join(', ')} | ${cells.join(' | ')} |`;
  });
  return [
    `| case | what is done | outcome | ${settings.join(' | ')} |`,
    `|${'-|'.repeat(settings.length + 3)}`,
    ...lines,
    '',
  ].join('\n');
}

function toResult(finding: Finding | undefined): string {
  if (!finding) return '';
  return [finding.status, `${finding.ms} ms`].filter((part) => part !== undefined).join(', ');
}

/** Text for a cell: what would end it is written in another way. */
function toCell(text: string): string {
  const control = /[\u0000-\u001f\u007f-\u00a0]/g;
  return text
    .replaceAll('|', '\\|')
    .replace(control, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
