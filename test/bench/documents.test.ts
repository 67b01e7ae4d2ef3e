import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fillPlaces, toText } from '../../bench/documents.ts';
import { modes } from '../../bench/modes.ts';
import { result } from './result.ts';

const toPage = (inside: string) =>
  `Before.\n\n<!-- bench:merge -->\n${inside}<!-- /bench:merge -->\n\n<!-- bench:typed -->\nold\n<!-- /bench:typed -->\n`;
const filled = fillPlaces(toPage('old figures\n'), result);

test('a section stands between its marks, with its chart, its date and its machine', () => {
  const inside = filled.slice(filled.indexOf('<!-- bench:merge -->'), filled.indexOf('<!-- /bench:merge -->'));
  expect(inside).toContain('| (c) Confluo         | 231 |');
  expect(inside).toContain('![Merge & nothing else](charts/bench-merge.svg)');
  expect(inside).toContain('Taken on 2026-11-22, Any <processor>, Node 24.21.0.');
  expect(inside).not.toContain('old figures');
});

test('what was not measured, and the text around, stays', () => {
  expect(filled).toContain('Before.\n');
  expect(filled).toContain('<!-- bench:typed -->\nold\n<!-- /bench:typed -->');
});

test('filling twice changes nothing more', () => {
  expect(fillPlaces(filled, result)).toBe(filled);
});

test('text that looks like a replacement pattern stays what it is', () => {
  const [section] = result.sections;
  if (!section) throw new Error('no section');
  const page = fillPlaces(toPage(''), { ...result, sections: [{ ...section, notes: ['costs $& and $1'] }] });
  expect(page).toContain('costs $& and $1');
});

test.each(Object.keys(modes))('the documentation has a place for %s', (name) => {
  const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');
  expect(page.split(`\n<!-- bench:${name} -->\n`)).toHaveLength(2);
  expect(page.split(`\n<!-- /bench:${name} -->\n`)).toHaveLength(2);
});

test('a claim that does not hold cannot be overlooked', () => {
  const [section] = result.sections;
  expect(section && toText(section)).toContain('DOES NOT HOLD: (c) is free: 231 µs.');
});
