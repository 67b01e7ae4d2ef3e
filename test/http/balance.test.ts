import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Balancer, createBalancer } from '../../src/http/balance.ts';

const picks = (balancer: Balancer, count: number) => Array.from({ length: count }, () => balancer.pick());

/** So many bad ends in a row. */
function fail(balancer: Balancer, index: number, count = 5) {
  for (let i = 0; i < count; i += 1) balancer.report(index, false);
}

beforeEach(() => {
  vi.useFakeTimers();
});

describe('balancer', () => {
  it('takes addresses in turn', () => {
    expect(picks(createBalancer(3), 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(picks(createBalancer(1), 3)).toEqual([0, 0, 0]);
  });

  it('avoids one address, where there is another', () => {
    const balancer = createBalancer(2);
    expect([balancer.pick(0), balancer.pick(1), balancer.pick(0)]).toEqual([1, 0, 1]);
    expect(createBalancer(1).pick(0)).toBe(0);
  });

  it('ejects an address after five failures in a row, for 30 s', () => {
    const balancer = createBalancer(3);
    fail(balancer, 1, 4);
    balancer.report(1, true);
    fail(balancer, 1, 4);
    expect(picks(balancer, 3)).toEqual([0, 1, 2]);
    balancer.report(1, false);
    expect(picks(balancer, 4)).toEqual([0, 2, 0, 2]);
    vi.advanceTimersByTime(29_999);
    expect(picks(balancer, 2)).toEqual([0, 2]);
    vi.advanceTimersByTime(1);
    expect(picks(balancer, 3)).toEqual([0, 1, 2]);
  });

  it('ejects it longer each time it comes back no better, up to 5 minutes', () => {
    const balancer = createBalancer(2);
    const ejectedFor = () => {
      fail(balancer, 0);
      const from = performance.now();
      while (balancer.pick() === 1 && balancer.pick() === 1) vi.advanceTimersByTime(1_000);
      return (performance.now() - from) / 1_000;
    };
    expect([ejectedFor(), ejectedFor(), ejectedFor(), ejectedFor(), ejectedFor(), ejectedFor()]).toEqual([
      30, 60, 120, 240, 300, 300,
    ]);
    balancer.report(0, true);
    expect(ejectedFor()).toBe(30);
  });

  it('does not count how attempts end that were under way when it was ejected', () => {
    const balancer = createBalancer(2);
    fail(balancer, 0, 50);
    vi.advanceTimersByTime(30_000);
    fail(balancer, 0, 4);
    expect(picks(balancer, 2)).toEqual([0, 1]);
  });

  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
  ])('of %s addresses ejects %s at most', (count, ejected) => {
    const balancer = createBalancer(count);
    for (let index = 0; index < count; index += 1) fail(balancer, index);
    expect(new Set(picks(balancer, 20)).size).toBe(count - ejected);
  });

  it('uses the one to avoid when every other is ejected', () => {
    const balancer = createBalancer(2);
    fail(balancer, 0);
    expect(balancer.pick(1)).toBe(1);
  });

  it('always picks an address that exists, and never fewer than half of them in turn', () => {
    const step = fc.record({ index: fc.nat(6), failures: fc.nat(7), waitMs: fc.nat(40_000) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 30 }), (count, steps) => {
        const balancer = createBalancer(count);
        for (const { index, failures, waitMs } of steps) {
          fail(balancer, index, failures);
          vi.advanceTimersByTime(waitMs);
          const used = new Set(picks(balancer, count));
          expect(used.size).toBeGreaterThanOrEqual(count / 2);
          expect([...used].every((picked) => picked >= 0 && picked < count)).toBe(true);
        }
      }),
    );
  });
});
