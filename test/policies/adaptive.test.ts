import { beforeEach, expect, it, vi } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { failed } from '../../src/engine/outcome.ts';
import { adaptive } from '../../src/policies/adaptive.ts';
import { answer, notFound, unavailable } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

/** The limit after so many good calls with the bulkhead in full use. */
const grow = (law: ReturnType<ReturnType<typeof adaptive>>, calls: number) => {
  let limit = 0;
  for (let i = 0; i < calls; i += 1) limit = law(answer, performance.now(), 200);
  return limit;
};

it('grows by one for each limit of good calls, up to the most', () => {
  const law = adaptive()(64);
  expect(grow(law, 63)).toBe(64);
  expect(grow(law, 2)).toBe(65);
  expect(grow(law, 66)).toBe(66);
  expect(grow(law, 100_000)).toBe(200);
});

it('does not grow while less than half of it is used', () => {
  const law = adaptive()(64);
  for (let i = 0; i < 1_000; i += 1) law(answer, 0, 31);
  expect(law(answer, 0, 31)).toBe(64);
});

it('shrinks at a sign of overload, down to the least', () => {
  const law = adaptive()(100);
  const limits = Array.from({ length: 8 }, () => {
    vi.advanceTimersByTime(1);
    return law(unavailable, performance.now(), 100);
  });
  expect(limits).toEqual([70, 49, 34, 24, 20, 20, 20, 20]);
});

it('shrinks once for calls that ran together', () => {
  const law = adaptive()(100);
  vi.advanceTimersByTime(100);
  expect([law(unavailable, 50, 100), law(unavailable, 60, 99), law(unavailable, 100, 98)]).toEqual([70, 70, 70]);
  expect(law(unavailable, 101, 97)).toBe(49);
});

it('does not shrink for what is no overload', () => {
  const law = adaptive()(100);
  for (const outcome of [
    notFound,
    failed('invalid_response', 'x'),
    failed('cancelled', 'x'),
    failed('saturated', 'x'),
  ]) {
    expect(law(outcome, 1, 100)).toBe(100);
  }
});

it('starts within its bounds', () => {
  expect([adaptive()(5)(notFound, 0, 1), adaptive()(500)(notFound, 0, 1)]).toEqual([20, 200]);
});

it.each([{ min: 0 }, { min: 10, max: 9 }, { max: Number.NaN }, { decrease: 0 }, { decrease: 1.1 }])(
  'refuses %o',
  (options) => {
    expect(() => adaptive(options)).toThrow(DefinitionError);
  },
);
