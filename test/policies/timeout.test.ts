import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { timeout } from '../../src/policies/timeout.ts';
import {
  answer,
  clientLeft,
  createContext,
  createManualUpstream,
  createScriptedUpstream,
  createUpstream,
  itKeepsTheHouseRules,
  settle,
  watch,
} from './support.ts';

const late = { code: 'timeout', message: 'no answer within 300 ms', reason: 'attempt_timeout' };
const { info } = createUpstream();

beforeEach(() => {
  vi.useFakeTimers();
});

describe('timeout', () => {
  itKeepsTheHouseRules(() => timeout(300));

  it('ends an attempt after its time, and the attempt learns why', async () => {
    const context = createContext();
    const upstream = createManualUpstream();
    const watched = watch(timeout(300)(upstream.call, info()), context);
    await vi.advanceTimersByTimeAsync(299);
    expect(watched.outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(watched.outcome).toEqual({ status: 'failed', failure: late });
    expect(upstream.sent[0]?.aborted).toEqual(late);
    expect(context.scope.failure).toBeUndefined();
    expect(context.scope.listeners()).toBe(0);
  });

  it('ends in time although the call inside ignores its scope, and drops the late answer', async () => {
    const upstream = createManualUpstream({ ignoresScope: true });
    const watched = watch(timeout(300)(upstream.call, info()), createContext());
    await vi.advanceTimersByTimeAsync(300);
    expect(watched.outcome).toEqual({ status: 'failed', failure: late });
    upstream.sent[0]?.end(answer);
    await settle();
    expect(watched.outcome).toEqual({ status: 'failed', failure: late });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('aborts at once although the call inside ignores its scope', async () => {
    const context = createContext();
    const watched = watch(timeout(300)(createManualUpstream({ ignoresScope: true }).call, info()), context);
    context.scope.abort(clientLeft);
    await settle();
    expect(watched.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells the attempt when it has to be done', () => {
    const upstream = createManualUpstream();
    watch(timeout(300)(upstream.call, info()), createContext());
    expect(upstream.sent[0]?.context.deadlineAt).toBe(performance.now() + 300);
  });

  it('starts no timer where the deadline comes sooner', () => {
    const context = createContext({ deadlineMs: 300 });
    const upstream = createManualUpstream();
    watch(timeout(300)(upstream.call, info()), context);
    expect(vi.getTimerCount()).toBe(0);
    expect(upstream.sent[0]?.context).toBe(context);
  });

  it('gives every attempt its own time', async () => {
    const call = timeout(300)(createScriptedUpstream([answer], 200).call, info());
    const context = createContext();
    const first = watch(call, context);
    await vi.advanceTimersByTimeAsync(200);
    const second = watch(call, context);
    await vi.advanceTimersByTimeAsync(200);
    expect([first.outcome, second.outcome]).toEqual([answer, answer]);
  });

  it('hands on a rejection, which no call should make, and cleans up all the same', async () => {
    const context = createContext();
    const call = timeout(300)(() => Promise.reject(new Error('defect')), info());
    await expect(call('a', context)).rejects.toThrow('defect');
    await vi.advanceTimersByTimeAsync(300);
    expect([vi.getTimerCount(), context.scope.listeners()]).toEqual([0, 0]);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('refuses %s ms', (ms) => {
    expect(() => timeout(ms)).toThrow(DefinitionError);
  });
});
