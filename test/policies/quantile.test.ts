import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createQuantile } from '../../src/policies/quantile.ts';

it('says nothing before there are enough values', () => {
  const p95 = createQuantile({ quantile: 0.95, minSamples: 100 });
  for (let value = 1; value < 100; value += 1) p95.add(value);
  expect(p95.value).toBeUndefined();
  p95.add(100);
  expect(p95.value).toBe(95);
});

it('follows the last values', () => {
  const p95 = createQuantile({ quantile: 0.95, minSamples: 100 });
  for (let i = 0; i < 1_000; i += 1) p95.add(10);
  for (let i = 0; i < 512 + 32; i += 1) p95.add(50);
  expect(p95.value).toBe(50);
});

it('is a value that so many stay below', () => {
  const samples = fc.array(fc.double({ min: 0, max: 1_000, noNaN: true }), { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(samples, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (values, quantile) => {
      const running = createQuantile({ quantile, minSamples: values.length });
      for (const value of values) running.add(value);
      const found = running.value ?? Number.NaN;
      expect(values).toContain(found);
      expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(quantile * 20);
      expect(values.filter((value) => value < found).length).toBeLessThan(quantile * 20);
    }),
  );
});
