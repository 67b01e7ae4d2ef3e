import { expect, test } from 'vitest';
import { judgeFlat, judgeLinear, judgeMost } from '../../bench/verdict.ts';

const toPoints = (costs: readonly number[]) => costs.map((cost, index) => ({ amount: [1, 10, 30][index] ?? 0, cost }));

test('a cost is linear when the last step costs what the first one did for each unit', () => {
  expect(judgeLinear('source', toPoints([100, 190, 390])).holds).toBe(true);
  expect(judgeLinear('source', toPoints([100, 190, 390])).found).toBe('10.0 µs after 10.0');
});

test('a cost is not linear when the last step is dearer by more than a quarter', () => {
  expect(judgeLinear('source', toPoints([100, 190, 439])).holds).toBe(true);
  expect(judgeLinear('source', toPoints([100, 190, 442])).holds).toBe(false);
});

test('a line needs three points', () => {
  expect(() => judgeLinear('source', toPoints([100, 190]))).toThrow(RangeError);
});

test('a cost is flat when the dearest is within a quarter of the cheapest, wherever they stand', () => {
  expect(judgeFlat(toPoints([120, 100, 124])).holds).toBe(true);
  expect(judgeFlat(toPoints([120, 90, 124])).holds).toBe(false);
});

test('no value may be above the limit, and a missing one is above it', () => {
  expect(judgeMost('least', [0.4, 1], 1).holds).toBe(true);
  expect(judgeMost('least', [0.4, 1.01], 1).holds).toBe(false);
  expect(judgeMost('least', [0.4, Number.NaN], 1).holds).toBe(false);
});
