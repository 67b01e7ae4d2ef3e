import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { failures } from '../../src/engine/failure.ts';

const page = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `(\w+)` \|(.+)\|$/gm)].map(([, code = '', rest = '']) => {
  const cells = rest.split('|').map((cell) => cell.trim());
  return { code, counts: cells[2], http: Number.parseInt(cells[3] ?? '', 10) };
});

test('the page on failures has a row for each code, in the order of the table', () => {
  expect(rows.map(({ code }) => code)).toEqual(Object.keys(failures));
});

test('each row says what the table says', () => {
  for (const { code, counts, http } of rows) {
    const rule = failures[code as keyof typeof failures]; // the test above holds the names
    expect({ code, http, counts }).toEqual({ code, http: rule.http, counts: rule.counts ? 'yes' : 'no' });
  }
});
