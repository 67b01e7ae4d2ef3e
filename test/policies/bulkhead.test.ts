import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { adaptive } from '../../src/policies/adaptive.ts';
import { bulkhead } from '../../src/policies/bulkhead.ts';
import {
  answer,
  clientLeft,
  codeOf,
  createContext,
  createManualUpstream,
  createUpstream,
  itKeepsTheHouseRules,
  settle,
  unavailable,
  watch,
} from './support.ts';

/** A bulkhead around an upstream in the hands of the test. */
function createBounded(options: Parameters<typeof bulkhead>[0], manual = {}) {
  const upstream = createManualUpstream(manual);
  const shop = createUpstream();
  const call = bulkhead(options)(upstream.call, shop.info());
  const start = async (input = 'a') => {
    const context = createContext();
    const watched = watch(call, context, input);
    await settle();
    return { context, watched };
  };
  return { upstream, shop, call, start, inputs: () => upstream.sent.map(({ input }) => input) };
}

beforeEach(() => {
  vi.useFakeTimers();
});

describe('bulkhead', () => {
  itKeepsTheHouseRules(() => bulkhead());

  it('runs so many calls at once, lets some wait in order, and refuses the rest at once', async () => {
    const { start, inputs, upstream, shop } = createBounded({ limit: 2, queue: 2 });
    const started = [];
    for (const input of ['1', '2', '3', '4', '5']) started.push(await start(input));
    expect(inputs()).toEqual(['1', '2']);
    expect(started.map(({ watched }) => codeOf(watched.outcome) ?? 'open')).toEqual([
      ...Array(4).fill('open'),
      'saturated',
    ]);
    expect(shop.snapshot()).toEqual({ inFlight: 2, waiting: 2, limit: 2 });
    upstream.sent[1]?.end(answer);
    await settle();
    expect(inputs()).toEqual(['1', '2', '3']);
    upstream.sent[0]?.end(answer);
    await settle();
    expect(inputs()).toEqual(['1', '2', '3', '4']);
    for (const attempt of upstream.sent.slice(2)) attempt.end(answer);
    await settle();
    expect(started.slice(0, 4).map(({ watched }) => watched.outcome)).toEqual([answer, answer, answer, answer]);
    expect(vi.getTimerCount()).toBe(0);
    expect(started.map(({ context }) => context.scope.listeners())).toEqual([0, 0, 0, 0, 0]);
    expect(shop.snapshot()).toEqual({ inFlight: 0, waiting: 0, limit: 2 });
  });

  it('refuses a call that has waited its time, and never sends it', async () => {
    const { start, upstream, inputs } = createBounded({ limit: 1, queue: 2, maxWaitMs: 50 });
    await start('runs');
    const { context, watched } = await start('waits');
    await vi.advanceTimersByTimeAsync(49);
    expect(watched.outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(codeOf(watched.outcome)).toBe('saturated');
    expect([vi.getTimerCount(), context.scope.listeners()]).toEqual([0, 0]);
    upstream.sent[0]?.end(answer);
    await start('next');
    expect(inputs()).toEqual(['runs', 'next']);
  });

  it('answers a waiting call at once when it is aborted; it takes no place from those behind it', async () => {
    const { start, upstream, inputs } = createBounded({ limit: 1, queue: 3 });
    await start('runs');
    const leaving = await start('leaves');
    const staying = await start('stays');
    leaving.context.scope.abort(clientLeft);
    await settle();
    expect(leaving.watched.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect(leaving.context.scope.listeners()).toBe(0);
    upstream.sent[0]?.end(answer);
    await settle();
    expect(inputs()).toEqual(['runs', 'stays']);
    upstream.sent[1]?.end(answer);
    await settle();
    expect(staying.watched.outcome).toBe(answer);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds a place until the call inside has ended, although its caller has left', async () => {
    const { start, upstream, inputs } = createBounded({ limit: 1, queue: 1 }, { ignoresScope: true });
    const { context } = await start('runs');
    context.scope.abort(clientLeft);
    await start('waits');
    expect(inputs()).toEqual(['runs']);
    upstream.sent[0]?.end(answer);
    await settle();
    expect(inputs()).toEqual(['runs', 'waits']);
  });

  it('gives the place back when the call inside rejects, which no call should', async () => {
    const call = bulkhead({ limit: 1, queue: 1 })(() => Promise.reject(new Error('defect')), createUpstream().info());
    const both = [call('a', createContext()), call('a', createContext())];
    for (const rejected of both) await expect(rejected).rejects.toThrow('defect');
    await expect(call('a', createContext())).rejects.toThrow('defect');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has the whole queue for others when those in it have given up', async () => {
    const { start, inputs, upstream } = createBounded({ limit: 1, queue: 2, maxWaitMs: 50 });
    for (const input of ['hangs', 'gives up', 'gives up']) await start(input);
    await vi.advanceTimersByTimeAsync(50);
    const later = [await start('waits'), await start('waits'), await start('is one too many')];
    expect(later.map(({ watched }) => codeOf(watched.outcome))).toEqual([undefined, undefined, 'saturated']);
    upstream.sent[0]?.end(answer);
    await settle();
    expect(inputs()).toEqual(['hangs', 'waits']);
  });

  it('lets none wait with a queue of 0', async () => {
    const { start } = createBounded({ limit: 1, queue: 0 });
    await start();
    expect(codeOf((await start()).watched.outcome)).toBe('saturated');
  });

  it('bounds all providers of an upstream together, and no other upstream', async () => {
    const policy = bulkhead({ limit: 1, queue: 0 });
    const upstream = createManualUpstream();
    const [shop, other] = [createUpstream(), createUpstream()];
    watch(policy(upstream.call, shop.info({ provider: 'first' })), createContext());
    const second = watch(policy(upstream.call, shop.info({ provider: 'second' })), createContext());
    const elsewhere = watch(policy(upstream.call, other.info()), createContext());
    await settle();
    expect([second, elsewhere].map(({ outcome }) => codeOf(outcome))).toEqual(['saturated', undefined]);
    expect(upstream.sent).toHaveLength(2);
  });

  it('follows the limit that adapts to what it sees', async () => {
    const { start, upstream, shop } = createBounded({ limit: 2, queue: 8, adaptive: adaptive({ min: 1, max: 3 }) });
    for (let i = 0; i < 6; i += 1) await start();
    expect(upstream.sent).toHaveLength(2);
    for (let i = 0; i < 3; i += 1) {
      upstream.sent[i]?.end(answer);
      await settle();
    }
    expect(shop.snapshot()).toMatchObject({ inFlight: 3, limit: 3 });
    await vi.advanceTimersByTimeAsync(1);
    upstream.sent[3]?.end(unavailable);
    await settle();
    expect(shop.snapshot()).toMatchObject({ inFlight: 2, limit: 2 });
  });

  it('lets nobody slip past those who wait, nor wait for ever, when its limit grows', async () => {
    const { start, call, upstream } = createBounded({ limit: 1, queue: 50, adaptive: adaptive({ min: 1, max: 3 }) });
    for (const input of ['0', '1', '2', '3', '4', '5']) await start(input);
    upstream.sent[0]?.end(answer);
    const late = [];
    for (let microtask = 0; microtask < 20; microtask += 1) {
      late.push(watch(call, createContext(), 'late'));
      await Promise.resolve();
    }
    await vi.advanceTimersByTimeAsync(50);
    expect(upstream.sent.map(({ input }) => input)).toEqual(['0', '1', '2']);
    expect(late.every(({ outcome }) => codeOf(outcome) === 'saturated')).toBe(true);
  });

  it('never runs more than its limit, answers every call, and is empty in the end', async () => {
    const step = fc.oneof(
      fc.constant({ kind: 'call' as const, pick: 0 }),
      fc.record({ kind: fc.constantFrom('end' as const, 'abort' as const, 'wait' as const), pick: fc.nat(30) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { start, upstream, shop } = createBounded({ limit: 3, queue: 2, maxWaitMs: 20 });
        const started = [];
        const open = () => upstream.sent.filter(({ isOpen }) => isOpen);
        for (const { kind, pick } of steps) {
          if (kind === 'call') started.push(await start());
          if (kind === 'end') open()[pick % 3]?.end(answer);
          if (kind === 'abort') started[pick % Math.max(1, started.length)]?.context.scope.abort(clientLeft);
          await vi.advanceTimersByTimeAsync(kind === 'wait' ? pick : 0);
          expect(open().length).toBeLessThanOrEqual(3);
          expect(shop.snapshot()).toMatchObject({ inFlight: open().length });
        }
        await vi.advanceTimersByTimeAsync(20);
        for (const attempt of open()) attempt.end(answer);
        await settle();
        expect(started.every(({ watched }) => watched.outcome !== undefined)).toBe(true);
        expect(shop.snapshot()).toMatchObject({ inFlight: 0, waiting: 0 });
        expect(
          [vi.getTimerCount(), ...started.map(({ context }) => context.scope.listeners())].every((n) => n === 0),
        ).toBe(true);
      }),
    );
  });

  it.each([{ limit: 0 }, { limit: 1.5 }, { queue: -1 }, { queue: Number.NaN }, { maxWaitMs: 0 }])(
    'refuses %o',
    (options) => {
      expect(() => bulkhead(options)).toThrow(DefinitionError);
    },
  );
});
