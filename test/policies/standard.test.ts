import { Type } from 'typebox';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createBinding } from '../../src/engine/bind.ts';
import type { Call, Policy } from '../../src/engine/call.ts';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import type { EngineEvent } from '../../src/engine/events.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import { path } from '../../src/engine/path.ts';
import { defineUpstream, type Upstream } from '../../src/engine/provider.ts';
import { adaptive } from '../../src/policies/adaptive.ts';
import { breaker } from '../../src/policies/breaker.ts';
import { budget } from '../../src/policies/budget.ts';
import { bulkhead } from '../../src/policies/bulkhead.ts';
import { hedge } from '../../src/policies/hedge.ts';
import { retry } from '../../src/policies/retry.ts';
import { standard } from '../../src/policies/standard.ts';
import { createFakeUpstreams, failure, type Reply, silence, answer as toReply } from '../support/transport.ts';
import { codeOf, createContext, createManualUpstream, createUpstream, settle, unavailable, watch } from './support.ts';

const shop = defineUpstream({ name: 'shop', origin: 'https://shop.example.com' });
const other = defineUpstream({ name: 'other', origin: 'https://other.example.com' });

/** Upstreams that follow a script, under the policies that are given to all. */
function createApp(script: Readonly<Record<string, Reply | readonly Reply[]>>, policies = standard()) {
  const { connect, requests } = createFakeUpstreams(script);
  const events: EngineEvent[] = [];
  const binding = createBinding({ connect, standard: policies, emit: (event) => events.push(event) });
  const bind = (upstream: Upstream, name: string, method: 'GET' | 'POST' = 'GET') =>
    binding.callOf(
      upstream.provider({ name, method, output: Type.Unknown(), request: () => ({ path: path`/${name}` }) }),
    );
  return { bind, binding, events, requests };
}

/** Starts a bound call, which takes no input. */
function start(call: Call<never, unknown>, context = createContext()) {
  const running: { outcome: Outcome<unknown> | undefined } = { outcome: undefined };
  // Its provider reads no input.
  void call(undefined as never, context).then((outcome) => {
    running.outcome = outcome;
  });
  return running;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

describe('standard', () => {
  it('retries an attempt that failed, within the deadline', async () => {
    const { bind, requests } = createApp({ '/product': [failure('unreachable', 10), toReply('{"id":1}', 10)] });
    const context = createContext();
    const running = start(bind(shop, 'product'), context);
    await vi.advanceTimersByTimeAsync(100);
    expect(running.outcome).toMatchObject({ status: 'ok', value: { id: 1 } });
    expect([requests.length, context.record.attempts]).toEqual([2, 2]);
    expect([vi.getTimerCount(), context.scope.listeners()]).toEqual([0, 0]);
  });

  it('gives a hung attempt up in time for another', async () => {
    const { bind } = createApp({ '/product': [silence, toReply('1', 10)] });
    const running = start(bind(shop, 'product'), createContext({ deadlineMs: 2_000 }));
    await vi.advanceTimersByTimeAsync(1_199);
    expect(running.outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(101);
    expect(codeOf(running.outcome as Outcome<string>)).toBe('ok');
  });

  it('does not repeat what must not be repeated, without being told', async () => {
    const { bind, requests } = createApp(
      { '/order': failure('unreachable') },
      standard({ hedge: true, coalesce: true, retry: { attempts: 3 } }),
    );
    const call = bind(shop, 'order', 'POST');
    start(call);
    start(call);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests).toHaveLength(2);
  });

  it('spares an upstream that is gone, charging it for attempts that timed out, and leaves others alone', async () => {
    const { bind, binding, events, requests } = createApp({ '/product': silence, '/stock': toReply('1') });
    const product = bind(shop, 'product');
    const review = bind(shop, 'review');
    for (let i = 0; i < 10; i += 1) start(product, createContext({ deadlineMs: 3_000 }));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(events.map(({ type, upstream }) => [type, upstream])).toEqual([['breaker_opened', 'shop']]);
    const sent = requests.length;
    const [spared, well] = [start(review), start(bind(other, 'stock'))];
    await settle();
    await vi.advanceTimersByTimeAsync(10);
    expect([spared.outcome, well.outcome]).toMatchObject([{ failure: { code: 'circuit_open' } }, { status: 'ok' }]);
    expect(requests).toHaveLength(sent + 1);
    expect(binding.snapshot()).toEqual({
      shop: { circuit: 'open', inFlight: 0, waiting: 0, limit: 64, retryBudget: 0 },
      other: { circuit: 'closed', inFlight: 0, waiting: 0, limit: 64, retryBudget: 10 },
    });
  });

  it('has no state in common with another application', async () => {
    const policies = standard({ bulkhead: { limit: 1, queue: 0 } });
    const calls = [1, 2].map(() => createApp({ '/product': silence }, policies).bind(shop, 'product'));
    const running = calls.map((call) => start(call));
    await settle();
    expect(running.map(({ outcome }) => outcome)).toEqual([undefined, undefined]);
  });

  it('lets a call that joins another take no place, and a call that the breaker refuses neither', async () => {
    const { bind, binding } = createApp({ '/product': silence }, standard({ coalesce: true }));
    const call = bind(shop, 'product');
    for (let i = 0; i < 5; i += 1) start(call);
    await settle();
    expect(binding.snapshot()).toMatchObject({ shop: { inFlight: 1 } });
  });

  it('with coalescing makes the call of two sources of one request once', async () => {
    const { bind, requests } = createApp({ '/product': toReply('{"id":1}', 10) }, standard({ coalesce: true }));
    const call = bind(shop, 'product');
    const context = createContext();
    const both = [start(call, context), start(call, context)];
    await vi.advanceTimersByTimeAsync(20);
    expect(both.map(({ outcome }) => outcome?.status)).toEqual(['ok', 'ok']);
    expect(requests).toHaveLength(1);
  });

  it('can be tweaked, policy by policy', async () => {
    const upstream = createManualUpstream();
    const bind = (policies: readonly Policy[]) =>
      policies.reduceRight((next, policy) => policy(next, createUpstream().info()), upstream.call);
    const { provider } = standard({ timeout: 300, retry: false });
    const watched = watch(bind(provider), createContext());
    await vi.advanceTimersByTimeAsync(300);
    expect(watched.outcome).toMatchObject({ failure: { message: 'no answer within 300 ms' } });
    expect(upstream.sent).toHaveLength(1);

    const slow = watch(bind(standard({ timeout: false }).provider), createContext({ deadlineMs: 9_000 }));
    await vi.advanceTimersByTimeAsync(8_000);
    expect(slow.outcome).toBeUndefined();
    upstream.sent[1]?.end(unavailable);
    await vi.advanceTimersByTimeAsync(100);
    expect(upstream.sent).toHaveLength(3);
  });

  it.each([
    [{}, [2, 2]],
    [{ retry: false, timeout: false, breaker: false, bulkhead: false } as const, [0, 0]],
    [{ hedge: true, coalesce: true } as const, [4, 2]],
    [{ hedge: { share: 0.01 }, breaker: { openMs: 100 }, bulkhead: { limit: 8 } }, [3, 2]],
  ])('with %o has so many policies', (options, counts) => {
    const { provider, upstream } = standard(options);
    expect([provider.length, upstream.length]).toEqual(counts);
  });

  it.each([
    ['standard', () => standard({ breker: false } as never)],
    ['breaker', () => breaker({ openMS: 1 } as never)],
    ['retry', () => retry({ tries: 2 } as never)],
    ['hedge', () => hedge({ delayMs: 2 } as never)],
    ['bulkhead', () => bulkhead({ max: 2 } as never)],
    ['adaptive', () => adaptive({ limit: 2 } as never)],
    ['budget', () => budget({ ratio: 0.2 } as never)],
  ])('refuses an option that %s does not know', (policy, make) => {
    expect(make).toThrow(DefinitionError);
    expect(make).toThrow(new RegExp(`^${policy}: "\\w+" is not one of its options$`));
  });
});
