import { expect, test } from 'vitest';
import { createHistogram } from '../../bench/histogram.ts';

test.each([
  [0.01, 10],
  [0.5, 500],
  [0.99, 990],
  [1, 1_000],
])('the percentile %d of 1 to 1,000 ms is %d within the width of a bucket', (share, expected) => {
  const histogram = createHistogram();
  for (let ms = 1; ms <= 1_000; ms += 1) histogram.record(ms);
  expect(histogram.count).toBe(1_000);
  expect(Math.abs(histogram.percentile(share) / expected - 1)).toBeLessThan(0.012);
});

test('a percentile is never below what was recorded', () => {
  const histogram = createHistogram();
  histogram.record(7.3);
  expect(histogram.percentile(0.5)).toBeGreaterThanOrEqual(7.3);
});

test('durations beyond both ends are counted at the ends', () => {
  const histogram = createHistogram();
  for (const ms of [0, 1e12]) histogram.record(ms);
  expect(histogram.percentile(0.5)).toBeCloseTo(0.001);
  expect(histogram.percentile(1)).toBeGreaterThan(60_000);
});

test('no records have no percentile', () => {
  expect(createHistogram().percentile(0.99)).toBe(0);
});
