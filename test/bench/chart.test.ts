import { expect, test } from 'vitest';
import { toChart } from '../../bench/chart.ts';
import { result } from './result.ts';

const [section] = result.sections;
const svg = section ? toChart(section, result) : '';
const bars = [...svg.matchAll(/<rect class="(bar[^"]*)"[^>]* width="(\d+)"/g)].map(([, kind, width]) => ({
  kind,
  width: Number(width),
}));

test('a bar is as long as the cost is high', () => {
  const [slowest, baseline, ours] = bars.map(({ width }) => width);
  expect((baseline ?? 0) / (slowest ?? 1)).toBeCloseTo(550 / 770, 2);
  expect((ours ?? 0) / (slowest ?? 1)).toBeCloseTo(231 / 770, 2);
});

test('only our own bars stand out', () => {
  expect(bars.map(({ kind }) => kind)).toEqual(['bar', 'bar', 'bar ours']);
});

test('cost and ratio stand beside the bar', () => {
  expect(svg).toContain('231 µs  (0.42)');
});

test('text cannot become markup', () => {
  expect(svg).toContain('Merge &#38; nothing else');
  expect(svg).toContain('Any &#60;processor&#62;');
});
