import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from '../../src/engine/call.ts';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { type Failure, failures } from '../../src/engine/failure.ts';
import { failed, type Outcome } from '../../src/engine/outcome.ts';
import { type RetryOptions, retry } from '../../src/policies/retry.ts';
import {
  answer,
  clientLeft,
  codeOf,
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

const asksToWait = (retryAfterMs: number | undefined) =>
  failed('rate_limited', 'slow down', { status: 429, retryAfterMs });

/** Runs one call to its end. */
async function run(outcomes: readonly Outcome<string>[], options: RetryOptions = {}, context = createContext()) {
  const upstream = createScriptedUpstream(outcomes);
  const watched = watch(retry(options)(upstream.call, createUpstream().info()), context);
  await vi.advanceTimersByTimeAsync(5_000);
  return { ...watched, sent: upstream.sent, attempts: context.record.attempts };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});

describe('retry', () => {
  itKeepsTheHouseRules(() => retry());

  it('tries a failed call once more, after a wait with jitter', async () => {
    const startedAt = performance.now();
    const context = createContext();
    const { outcome, sent, attempts } = await run([unavailable, answer], {}, context);
    expect([vi.getTimerCount(), context.scope.listeners()]).toEqual([0, 0]);
    expect(outcome).toBe(answer);
    expect(attempts).toBe(2);
    expect(sent.map(({ sentAt }) => sentAt - startedAt)).toEqual([0, 10 + 25]);
  });

  it('gives up with the last failure', async () => {
    const { outcome, attempts } = await run([unreachable, unavailable]);
    expect(outcome).toBe(unavailable);
    expect(attempts).toBe(2);
  });

  it('waits longer each time, up to the limit', async () => {
    const { sent } = await run([unavailable], { attempts: 7 }, createContext({ deadlineMs: 5_000 }));
    const waits = sent.slice(1).map(({ sentAt }, index) => sentAt - (sent[index]?.sentAt ?? 0) - 10);
    expect(waits).toEqual([25, 50, 100, 200, 250, 250]);
  });

  it.each(Object.keys(failures))('follows the failure table for %s', async (code) => {
    const failure: Failure = { code: code as keyof typeof failures, message: 'x' }; // it is a key of the table
    const { attempts } = await run([{ status: 'failed', failure }, answer]);
    expect(attempts).toBe(failures[failure.code].retryable(failure) ? 2 : 1);
  });

  it.each([
    ['429', asksToWait(200)],
    ['503', failed('upstream_error', 'down', { status: 503, retryAfterMs: 200 })],
  ])('waits as long as Retry-After asks on %s, and the jitter on top', async (_status, failure) => {
    const startedAt = performance.now();
    const { outcome, sent } = await run([failure, answer]);
    expect(outcome).toBe(answer);
    expect((sent[1]?.sentAt ?? 0) - startedAt).toBe(10 + 200 + 25);
  });

  it('does not try again when Retry-After does not fit the time left', async () => {
    const startedAt = performance.now();
    const { outcome, endedAt, attempts } = await run([asksToWait(980), answer]);
    expect(codeOf(outcome)).toBe('rate_limited');
    expect([endedAt, attempts]).toEqual([startedAt + 10, 1]);
  });

  it.each([
    [10 + 25 + 4, 1],
    [10 + 25 + 5, 2],
  ])('with %s ms to the deadline makes %s attempts', async (deadlineMs, attempts) => {
    expect((await run([unavailable, answer], {}, createContext({ deadlineMs }))).attempts).toBe(attempts);
  });

  it('makes no attempt that could not end in the time left, by the fastest answer it has seen', async () => {
    const upstream = createScriptedUpstream([answer, unavailable, answer], 100);
    const call = retry()(upstream.call, createUpstream().info());
    watch(call, createContext());
    await vi.advanceTimersByTimeAsync(100);
    const watched = watch(call, createContext({ deadlineMs: 100 + 25 + 99 }));
    await vi.advanceTimersByTimeAsync(100);
    expect(watched.outcome).toBe(unavailable);
    expect(upstream.sent).toHaveLength(2);
  });

  it('does not multiply a request that is itself a retry', async () => {
    expect((await run([unavailable, answer], {}, createContext({ isRetry: true }))).attempts).toBe(1);
  });

  it('ends at once when it is aborted while it waits', async () => {
    const upstream = createScriptedUpstream([asksToWait(500), answer]);
    const context = createContext();
    const watched = watch(retry()(upstream.call, createUpstream().info()), context);
    await vi.advanceTimersByTimeAsync(100);
    expect(watched.outcome).toBeUndefined();
    context.scope.abort(clientLeft);
    await settle();
    expect(watched.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect([vi.getTimerCount(), context.scope.listeners()]).toEqual([0, 0]);
    expect(upstream.sent).toHaveLength(1);
  });

  it('starts nothing after an attempt that the scope ended, whatever the reason says', async () => {
    const context = createContext();
    const upstream = createManualUpstream();
    const watched = watch(retry()(upstream.call, createUpstream().info()), context);
    context.scope.abort({ code: 'timeout', message: 'no answer within 1000 ms', reason: 'deadline' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(codeOf(watched.outcome)).toBe('timeout');
    expect(upstream.sent).toHaveLength(1);
  });

  it('leaves the earlier failure standing when the second attempt was never sent', async () => {
    const upstream = createScriptedUpstream([unavailable]);
    const spared: Call<string, string> = (input, context) => {
      if (context.record.attempts === 0) return upstream.call(input, context);
      return Promise.resolve(failed('circuit_open', 'spared'));
    };
    const watched = watch(retry()(spared, createUpstream().info()), createContext());
    await vi.advanceTimersByTimeAsync(100);
    expect(watched.outcome).toBe(unavailable);
  });

  it('stops when the budget is spent: ten at once, and one more for ten calls', async () => {
    const upstream = createScriptedUpstream([unavailable]);
    const shop = createUpstream();
    const call = retry()(upstream.call, shop.info());
    const all = Array.from({ length: 30 }, () => watch(call, createContext()));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(all.every(({ outcome }) => outcome === unavailable)).toBe(true);
    expect(upstream.sent).toHaveLength(30 + 10);
    expect(shop.snapshot()).toEqual({ retryBudget: 0 });
    const unpaid = watch(call, createContext());
    await vi.advanceTimersByTimeAsync(10);
    expect(unpaid.outcome).toBe(unavailable); // at once: there is nothing to wait for
    for (let i = 0; i < 9; i += 1) watch(call, createContext());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(upstream.sent).toHaveLength(40 + 10 + 1);
  });

  it('lets a connection pay from the budget for what it sends again', async () => {
    const shop = createUpstream();
    const call = retry()(async (_input, { payExtra }) => (payExtra?.() ? answer : unreachable), shop.info());
    const all = Array.from({ length: 12 }, () => watch(call, createContext({ isRetry: true })));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(all.map(({ outcome }) => outcome === answer)).toEqual(all.map((_watched, index) => index < 11)); // ten, and one for ten calls
    expect(shop.snapshot()).toEqual({ retryBudget: 0 });
  });

  it('shares the budget among the providers of an upstream, and with no other upstream', async () => {
    const upstream = createScriptedUpstream([unavailable]);
    const [shop, other] = [createUpstream(), createUpstream()];
    const policy = retry();
    const first = policy(upstream.call, shop.info({ provider: 'first' }));
    const second = policy(upstream.call, shop.info({ provider: 'second' }));
    for (let i = 0; i < 10; i += 1) watch(first, createContext());
    await vi.advanceTimersByTimeAsync(100);
    expect(upstream.sent).toHaveLength(20);
    watch(second, createContext());
    await vi.advanceTimersByTimeAsync(100);
    expect(upstream.sent).toHaveLength(21);
    watch(policy(upstream.call, other.info()), createContext());
    await vi.advanceTimersByTimeAsync(100);
    expect(upstream.sent).toHaveLength(23);
  });

  it('refuses an operation that must not be repeated, naming the provider', () => {
    const bind = () => retry()(createScriptedUpstream([notFound]).call, createUpstream().info({ idempotent: false }));
    expect(bind).toThrow(DefinitionError);
    expect(bind).toThrow('provider "shop/product": retry needs an operation that is idempotent');
  });

  it.each([1, 0, 2.5, Number.POSITIVE_INFINITY, Number.NaN])('refuses %s attempts', (attempts) => {
    expect(() => retry({ attempts })).toThrow(DefinitionError);
  });
});
