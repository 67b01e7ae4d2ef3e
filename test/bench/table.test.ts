import { expect, test } from 'vitest';
import { toCells, toTable } from '../../bench/table.ts';
import { rows } from './result.ts';

const { columns, rows: cells } = toCells(rows);

test('a table is Markdown, one line a server, all lines of one length', () => {
  const lines = toTable(columns, cells).split('\n');
  expect(lines).toHaveLength(2 + rows.length);
  expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
  expect(lines[1]).toMatch(/^\| -+ \|( -+: \|)+$/);
});

test('a row shows cost, ratio, rate, latency, memory, and how many windows were disturbed', () => {
  expect(cells.at(-1)).toEqual([
    '(c) Confluo',
    '231',
    '0.42',
    '0.40-0.45',
    '4329',
    '14.2',
    '38.0',
    '191',
    '8 (2 disturbed)',
  ]);
});
