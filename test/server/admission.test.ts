import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { createAdmission, toRetryAfter } from '../../src/server/admission.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('admission', () => {
  it('lets in so many at once, and another when one has left', () => {
    const admission = createAdmission({ maxInFlight: 2 });
    const first = admission.admit(1_000);
    expect([first, admission.admit(1_000), admission.admit(1_000)].map((admitted) => admitted !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    first?.leave();
    first?.leave(); // once is enough, twice is no harm
    expect(admission.admit(1_000)).toBeDefined();
    expect(admission.admit(1_000)).toBeUndefined();
    admission.close();
  });

  it('holds so many bytes and not one more, and has them back when a request has left', () => {
    const admission = createAdmission({ maxHeldBytes: 100 });
    const [one, other] = [admission.admit(1_000), admission.admit(1_000)];
    expect([one?.hold(60), other?.hold(41), other?.hold(40)]).toEqual([true, false, true]);
    expect(admission.admit(1_000)).toBeUndefined();
    one?.leave();
    expect(one?.hold(1)).toBe(false);
    expect(admission.admit(1_000)?.hold(60)).toBe(true);
    admission.close();
  });

  it('lets nobody in while the event loop is late again and again; one stall is no overload', () => {
    const admission = createAdmission({ maxLagMs: 100 });
    vi.advanceTimersByTime(1_000);
    expect(admission.admit(1_000)).toBeDefined();
    let at = performance.now();
    const tick = (lagMs: number) => {
      at += 20 + lagMs;
      vi.spyOn(performance, 'now').mockReturnValue(at);
      vi.advanceTimersByTime(20);
      return admission.admit(1_000) !== undefined;
    };
    expect([tick(101), tick(0), tick(101), tick(100), tick(0)]).toEqual([true, true, true, true, true]);
    expect([tick(101), tick(101), tick(500), tick(0)]).toEqual([true, false, false, true]);
    admission.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets nobody in who would wait for more than a quarter of its time before it begins', () => {
    const admission = createAdmission({}, { activeMs: () => 0 });
    let at = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => at);
    for (let i = 0; i < 122; i += 1) admission.begin(() => {});
    // 120 wait, which take a millisecond each as long as nothing is known.
    const letIn = [100_000, 480, 479, 10].map((deadlineMs) => admission.admit(deadlineMs) !== undefined);
    expect(letIn).toEqual([true, true, false, false]);
    while (vi.getTimerCount() > 1) {
      at += 1;
      vi.advanceTimersToNextTimer(); // the one that stays is the clock's
    }
    expect(admission.admit(10)).toBeDefined();
    admission.close();
  });

  it('lets no more wait than may be in flight, even of those who have left', () => {
    const admission = createAdmission({ maxInFlight: 2 });
    for (let i = 0; i < 2; i += 1) admission.begin(() => {}); // as many as begin at once
    for (let i = 0; i < 2; i += 1) {
      const admitted = admission.admit(1_000);
      admission.begin(() => {});
      admitted?.leave();
    }
    expect(admission.admit(1_000)).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(admission.admit(1_000)).toBeDefined();
    admission.close();
  });

  it.each([{ maxInFlight: 0 }, { maxHeldBytes: 1.5 }, { maxLagMs: Number.NaN }])('refuses %o', (options) => {
    expect(() => createAdmission(options)).toThrow(DefinitionError);
  });

  it('spreads those who come back', () => {
    const waits = new Set(Array.from({ length: 200 }, toRetryAfter));
    expect([...waits].toSorted()).toEqual(['1', '2', '3']);
  });
});
