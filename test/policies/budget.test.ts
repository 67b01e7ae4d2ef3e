import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { budget, shareBudget, standardBudget } from '../../src/policies/budget.ts';
import { retry } from '../../src/policies/retry.ts';
import { answer, createContext, createManualUpstream, createUpstream, settle, unavailable } from './support.ts';

const firstAttempt = { attempts: 0 };
const windowMs = 10_000;

beforeEach(() => {
  vi.useFakeTimers();
});

describe('budget', () => {
  it('pays for one attempt a second, and for one in ten calls', () => {
    const shared = shareBudget(standardBudget, createUpstream().info());
    const countCall = shared.enroll('product');
    for (let i = 0; i < 10; i += 1) expect(shared.take()).toBe(true);
    expect(shared.take()).toBe(false);
    for (let i = 0; i < 9; i += 1) countCall(firstAttempt);
    expect(shared.take()).toBe(false);
    countCall(firstAttempt);
    expect(shared.take()).toBe(true);
    expect(shared.take()).toBe(false);
    vi.advanceTimersByTime(windowMs);
    expect(shared.left()).toBe(10);
  });

  it('counts a call once, however many policies of its provider report it, and no second attempts', () => {
    const shared = shareBudget(standardBudget, createUpstream().info());
    const counters = [shared.enroll('product'), shared.enroll('product')];
    while (shared.take());
    for (let i = 0; i < 9; i += 1) {
      for (const countCall of counters) countCall(firstAttempt);
      counters[0]?.({ attempts: 1 });
    }
    expect(shared.left()).toBe(0);
    shared.enroll('review')(firstAttempt);
    expect(shared.left()).toBe(1);
  });

  it('is one for each upstream and description', () => {
    const [shop, other] = [createUpstream(), createUpstream()];
    const spent = shareBudget(standardBudget, shop.info({ provider: 'product' }));
    while (spent.take());
    expect(shareBudget(standardBudget, shop.info({ provider: 'review' })).left()).toBe(0);
    expect(shareBudget(budget(), shop.info()).left()).toBe(10);
    expect(shareBudget(standardBudget, other.info()).left()).toBe(10);
  });

  it('shows what is left', () => {
    const shop = createUpstream();
    shareBudget(budget({ perSecond: 2 }), shop.info()).take();
    expect(shop.snapshot()).toEqual({ retryBudget: 19 });
  });

  it.each([
    { share: 0 },
    { share: 1.1 },
    { share: Number.NaN },
    { perSecond: 0 },
    { perSecond: Number.POSITIVE_INFINITY },
  ])('refuses %o', (options) => {
    expect(() => budget(options)).toThrow(DefinitionError);
  });

  it('keeps attempts within 1.10 n + 10 in any 10 s with n calls, whatever fails when', async () => {
    // Calls come in bursts; each attempt fails, answers, or stays open until a later burst and then fails.
    const fate = fc.constantFrom('fail', 'fail', 'fail', 'late', 'answer');
    const bursts = fc.array(fc.record({ gapMs: fc.nat(4_000), fates: fc.array(fate, { maxLength: 40 }) }), {
      maxLength: 15,
    });
    await fc.assert(
      fc.asyncProperty(bursts, fc.integer({ min: 2, max: 4 }), async (all, attempts) => {
        const upstream = createManualUpstream();
        const call = retry({ attempts })(upstream.call, createUpstream().info());
        const calls: number[] = [];
        let ended = 0;
        const endOpen = (fates: readonly string[]) => {
          for (; ended < upstream.sent.length; ended += 1) {
            const wanted = fates[ended % Math.max(1, fates.length)] ?? 'fail';
            if (wanted !== 'late') upstream.sent[ended]?.end(wanted === 'answer' ? answer : unavailable);
          }
        };
        for (const { gapMs, fates } of all) {
          for (const late of upstream.sent.filter(({ isOpen }) => isOpen)) late.end(unavailable);
          for (const _fate of fates) {
            calls.push(performance.now());
            void call('a', createContext({ deadlineMs: 20_000 }));
          }
          endOpen(fates);
          await vi.advanceTimersByTimeAsync(gapMs / 2);
          endOpen(fates);
          await vi.advanceTimersByTimeAsync(gapMs / 2);
        }
        await settle();
        const attemptsAt = upstream.sent.map(({ sentAt }) => sentAt);
        const within = (times: readonly number[], from: number) =>
          times.filter((at) => at >= from && at < from + windowMs).length;
        for (const from of new Set([...attemptsAt, ...calls.map((at) => at + 1)])) {
          expect(within(attemptsAt, from)).toBeLessThanOrEqual(1.1 * within(calls, from) + 10 + 1e-9);
        }
      }),
      { numRuns: 60 },
    );
  });
});
