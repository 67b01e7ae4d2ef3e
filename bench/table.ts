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
  ['lowest-highest', ({ figures }) => toRange(figures.ratioRange)],
  ['requests/s', ({ figures }) => figures.requestsPerSecond.toFixed(0)],
  ['p50 ms', ({ figures }) => figures.p50Ms.toFixed(1)],
  ['p99 ms', ({ figures }) => figures.p99Ms.toFixed(1)],
  ['RSS MB', ({ figures }) => toMegabytes(figures.rssBytes)],
  ['windows', ({ figures }) => `${figures.windows}${figures.disturbed > 0 ? ` (${figures.disturbed} disturbed)` : ''}`],
];

/** What a table of servers has, one row a server. */
export const toCells = (rows: readonly Row[]) => ({
  columns: columns.map(([title]) => title),
  rows: rows.map((row) => columns.map(([, cell]) => cell(row))),
});

/** Lowest and highest of a ratio. */
export const toRange = (range: readonly number[]): string => range.map((ratio) => ratio.toFixed(2)).join('-');

/** Bytes in units of 2^20. */
export const toMegabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/** A Markdown table with aligned columns, so that it reads well in a terminal too. */
export function toTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) => toLine(line.map((text, column) => pad(text, widths[column] ?? 0, column))));
  const rule = toLine(widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)));
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

const pad = (text: string, width: number, column: number): string =>
  column === 0 ? text.padEnd(width) : text.padStart(width);
const toLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
