import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { toBackoffMs } from '../../src/policies/backoff.ts';

it('has full jitter: from nothing to the longest wait', () => {
  const random = vi.spyOn(Math, 'random');
  const waits = [0, 0.5, 1].map((value) => {
    random.mockReturnValue(value);
    return toBackoffMs(0);
  });
  expect(waits).toEqual([0, 12.5, 25]);
});

it('doubles the longest wait with each retry, up to the limit', () => {
  vi.spyOn(Math, 'random').mockReturnValue(1);
  expect([0, 1, 2, 3, 4, 50].map((retry) => toBackoffMs(retry))).toEqual([25, 50, 100, 200, 250, 250]);
  expect([0, 1, 2].map((retry) => toBackoffMs(retry, { baseMs: 10, maxMs: 15 }))).toEqual([10, 15, 15]);
});

it('is a wait within its bounds, whatever the retry', () => {
  fc.assert(
    fc.property(fc.nat(2_000), (retry) => {
      const waitMs = toBackoffMs(retry);
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThanOrEqual(250);
    }),
  );
});
