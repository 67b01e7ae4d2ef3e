import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call, Policy } from '../../src/engine/call.ts';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { breaker } from '../../src/policies/breaker.ts';
import { shareBudget, standardBudget } from '../../src/policies/budget.ts';
import { type HedgeOptions, hedge } from '../../src/policies/hedge.ts';
import { retry } from '../../src/policies/retry.ts';
import {
  answer,
  clientLeft,
  createContext,
  createManualUpstream,
  createScriptedUpstream,
  createUpstream,
  itKeepsTheHouseRules,
  notFound,
  settle,
  unavailable,
  unreachable,
  watch,
} from './support.ts';

/** So many answers after 40 ms each, so that the hedge knows the upstream. */
async function train(call: Call<string, string>, samples = 100) {
  for (let i = 0; i < samples; i += 1) watch(call, createContext());
  await vi.advanceTimersByTimeAsync(40);
}

/** A trained hedge around an upstream that is in the hands of the test from then on. */
async function createHedged(options: HedgeOptions = {}, inner?: Policy, outer?: Policy) {
  const shop = createUpstream();
  const manual = createManualUpstream();
  const fast = createScriptedUpstream([answer], 40);
  let current = fast.call;
  const attempt: Call<string, string> = (input, context) => current(input, context);
  const hedged = hedge(options)(inner ? inner(attempt, shop.info()) : attempt, shop.info());
  const call = outer ? outer(hedged, shop.info()) : hedged;
  await train(call);
  current = manual.call;
  return { call, shop, sent: manual.sent };
}

beforeEach(() => {
  vi.useFakeTimers();
});

describe('hedge', () => {
  itKeepsTheHouseRules(() => hedge());

  it('starts no second attempt before it has seen 100 answers', async () => {
    const call = hedge()(createScriptedUpstream([answer], 40).call, createUpstream().info());
    await train(call, 99);
    const context = createContext();
    const watched = watch(call, context);
    expect(vi.getTimerCount()).toBe(1); // the upstream's
    await vi.advanceTimersByTimeAsync(40);
    expect([watched.outcome, context.record.attempts]).toEqual([answer, 1]);
    watch(call, createContext());
    expect(vi.getTimerCount()).toBe(2);
  });

  it('starts a second attempt after the 95th percentile; the first answer counts, the other attempt is cancelled', async () => {
    const { call, sent } = await createHedged();
    const context = createContext();
    const watched = watch(call, context);
    await vi.advanceTimersByTimeAsync(39);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    sent[1]?.end(answer);
    await settle();
    expect(watched.outcome).toBe(answer);
    expect(sent[0]?.aborted).toEqual({
      code: 'cancelled',
      message: 'another attempt has answered',
      reason: 'hedge_lost',
    });
    expect(context.record.attempts).toBe(2);
    expect([vi.getTimerCount(), context.scope.listeners()]).toEqual([0, 0]);
  });

  it('cancels the second attempt when the first answers after all', async () => {
    const { call, sent } = await createHedged();
    const watched = watch(call, createContext());
    await vi.advanceTimersByTimeAsync(40);
    sent[0]?.end(answer);
    await settle();
    expect(watched.outcome).toBe(answer);
    expect(sent[1]?.aborted?.reason).toBe('hedge_lost');
  });

  it('hands on a failure before that time at once, and starts nothing', async () => {
    const { call, sent } = await createHedged();
    const watched = watch(call, createContext());
    sent[0]?.end(unavailable);
    await vi.advanceTimersByTimeAsync(100);
    expect(watched.outcome).toBe(unavailable);
    expect(sent).toHaveLength(1);
  });

  it('waits for the other attempt when one fails, and reports the first when both do', async () => {
    const { call, sent } = await createHedged({ share: 0.5 });
    const one = watch(call, createContext());
    await vi.advanceTimersByTimeAsync(40);
    sent[0]?.end(unavailable);
    await settle();
    expect(one.outcome).toBeUndefined();
    sent[1]?.end(answer);
    await settle();
    expect(one.outcome).toBe(answer);

    const both = watch(call, createContext());
    watch(call, createContext());
    await vi.advanceTimersByTimeAsync(40);
    sent[2]?.end(unavailable);
    sent[4]?.end(notFound);
    await settle();
    expect(both.outcome).toBe(unavailable);
  });

  it('cancels both when it is aborted, whatever they do', async () => {
    const { call, sent } = await createHedged();
    const context = createContext();
    const watched = watch(call, context);
    await vi.advanceTimersByTimeAsync(40);
    context.scope.abort(clientLeft);
    await settle();
    expect(watched.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect(sent.map(({ aborted }) => aborted)).toEqual([clientLeft, clientLeft]);
    expect([vi.getTimerCount(), context.scope.listeners()]).toEqual([0, 0]);
  });

  it('leaves nothing running for a call whose scope is aborted already', async () => {
    const { call, sent } = await createHedged();
    const context = createContext();
    context.scope.abort(clientLeft);
    const watched = watch(call, context);
    await settle();
    expect(watched.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect(sent.filter(({ isOpen }) => isOpen)).toEqual([]);
    expect([vi.getTimerCount(), context.scope.listeners()]).toEqual([0, 0]);
  });

  it('gives the first a head start of at least 10 ms', async () => {
    const upstream = createScriptedUpstream([answer], 1);
    const manual = createManualUpstream();
    let current = upstream.call;
    const attempt: Call<string, string> = (input, context) => current(input, context);
    const call = hedge()(attempt, createUpstream().info());
    await train(call);
    current = manual.call;
    watch(call, createContext());
    await vi.advanceTimersByTimeAsync(9);
    expect(manual.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(manual.sent).toHaveLength(2);
  });

  it('learns from calls that it hedged too: an upstream that has become slow is left alone', async () => {
    const { call, sent } = await createHedged({ minSamples: 20 });
    for (let i = 0; i < 100; i += 1) {
      watch(call, createContext());
      await vi.advanceTimersByTimeAsync(90);
      sent.find(({ isOpen }) => isOpen)?.end(answer);
      await settle();
    }
    const before = sent.length;
    watch(call, createContext());
    await vi.advanceTimersByTimeAsync(89);
    expect(sent).toHaveLength(before + 1);
  });

  it('sends at most 5 % more than there are calls', async () => {
    const { call, sent } = await createHedged();
    for (let i = 0; i < 200; i += 1) {
      watch(call, createContext());
      await vi.advanceTimersByTimeAsync(40);
    }
    expect(sent.length).toBeGreaterThan(205);
    expect(sent.length).toBeLessThanOrEqual(210);
  });

  it.each([
    ['the deadline comes first', { deadlineMs: 40 }],
    ['the request is itself a retry', { isRetry: true }],
  ])('starts no second attempt when %s', async (_name, options) => {
    const { call, sent } = await createHedged();
    watch(call, createContext(options));
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toHaveLength(1);
  });

  it('starts no second attempt when the budget is spent', async () => {
    const { call, sent, shop } = await createHedged();
    const budget = shareBudget(standardBudget, shop.info());
    while (budget.take());
    watch(call, createContext());
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toHaveLength(1);
  });

  it('starts no second attempt unless the circuit is closed', async () => {
    const { call, sent, shop } = await createHedged({ share: 0.5 }, breaker());
    watch(call, createContext());
    for (let i = 0; i < 5; i += 1) watch(call, createContext());
    for (let i = 1; i < 6; i += 1) sent[i]?.end(unreachable);
    await settle();
    expect(shop.snapshot()).toMatchObject({ circuit: 'open' });
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toHaveLength(6);
    expect(shop.snapshot()).toMatchObject({ retryBudget: 10 });
  });

  it('counts a call once for the budget that it shares with a retry around it', async () => {
    const { call, shop } = await createHedged({}, undefined, retry());
    const budget = shareBudget(standardBudget, shop.info());
    while (budget.take());
    for (let i = 0; i < 19; i += 1) watch(call, createContext());
    expect(budget.left()).toBe(1);
  });

  it('refuses an operation that must not be repeated, naming the provider', () => {
    const bind = () => hedge()(createManualUpstream().call, createUpstream().info({ idempotent: false }));
    expect(bind).toThrow(DefinitionError);
    expect(bind).toThrow('provider "shop/product": hedge needs an operation that is idempotent');
  });

  it.each([{ quantile: 1.5 }, { share: 0 }, { minSamples: 0 }, { minDelayMs: 0 }])('refuses %o', (options) => {
    expect(() => hedge(options)).toThrow(DefinitionError);
  });
});
