import fc from 'fast-check';
import { beforeEach, expect, it, vi } from 'vitest';
import { createWindow } from '../../src/policies/window.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

it('counts calls and those that ended badly', () => {
  const window = createWindow(1_000);
  for (const isBad of [true, false, true]) window.add(isBad);
  expect([window.calls, window.bad]).toEqual([3, 2]);
  window.clear();
  expect([window.calls, window.bad]).toEqual([0, 0]);
});

it('counts what the last window holds, exact to a tenth of it', () => {
  const steps = fc.array(fc.record({ gapMs: fc.oneof(fc.nat(30), fc.nat(400)), isBad: fc.boolean() }), {
    maxLength: 80,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const window = createWindow(100);
      const ended: { readonly at: number; readonly isBad: boolean }[] = [];
      for (const { gapMs, isBad } of all) {
        vi.advanceTimersByTime(gapMs);
        const at = performance.now();
        ended.push({ at, isBad });
        window.add(isBad);
        const since = Math.floor(at / 10) * 10 - 90;
        const held = ended.filter((call) => call.at >= since);
        expect([window.calls, window.bad]).toEqual([held.length, held.filter((call) => call.isBad).length]);
      }
    }),
  );
});
