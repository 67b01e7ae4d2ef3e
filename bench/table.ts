import type { Figures } from './measure.ts';

/** One server's row. */
export interface Row {
  readonly label: string;
  readonly figures: Figures;
}

const columns: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ['server', ({ label }) => label],
  ['CPU µs/request', ({ figures }) => figures.cpuMicrosPerRequest.toFixed(0)],
  ['of (b)', ({ figures }) => figures.ratio.toFixed(2)],
  ['lowest-highest', ({ figures }) => figures.ratioRange.map((ratio) => ratio.toFixed(2)).join('-')],
  ['requests/s', ({ figures }) => figures.requestsPerSecond.toFixed(0)],
  ['p50 ms', ({ figures }) => figures.p50Ms.toFixed(1)],
  ['p99 ms', ({ figures }) => figures.p99Ms.toFixed(1)],
  ['RSS MB', ({ figures }) => (figures.rssBytes / 2 ** 20).toFixed(0)],
  ['windows', ({ figures }) => `${figures.windows}${figures.disturbed > 0 ? ` (${figures.disturbed} disturbed)` : ''}`],
];

/** A Markdown table with aligned columns, so that it reads well in a terminal too. */
export function toTable(rows: readonly Row[]): string {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) => toLine(line.map((text, column) => pad(text, widths[column] ?? 0, column))));
  const rule = toLine(widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)));
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

const pad = (text: string, width: number, column: number): string =>
  column === 0 ? text.padEnd(width) : text.padStart(width);
const toLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
