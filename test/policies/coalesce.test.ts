import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from '../../src/engine/call.ts';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { coalesce } from '../../src/policies/coalesce.ts';
import {
  answer,
  clientLeft,
  createContext,
  createManualUpstream,
  createUpstream,
  itKeepsTheHouseRules,
  settle,
  unavailable,
  watch,
} from './support.ts';

function createShared() {
  const upstream = createManualUpstream();
  const call = coalesce()(upstream.call, createUpstream().info());
  const start = (input = 'a', deadlineMs = 1_000) => {
    const context = createContext({ deadlineMs });
    return { context, watched: watch(call, context, input) };
  };
  return { sent: upstream.sent, start, call };
}

beforeEach(() => {
  vi.useFakeTimers();
});

describe('coalesce', () => {
  itKeepsTheHouseRules(() => coalesce());

  it.each([
    ['answer', answer],
    ['failure', unavailable],
  ])('gives one %s to all calls in flight with the same input', async (_name, outcome) => {
    const { sent, start } = createShared();
    const [first, second, other] = [start('a'), start('a'), start('b')];
    expect(sent.map(({ input }) => input)).toEqual(['a', 'b']);
    sent[0]?.end(outcome);
    await settle();
    expect([first, second, other].map(({ watched }) => watched.outcome)).toEqual([outcome, outcome, undefined]);
    expect(second.watched.outcome).toBe(outcome);
    expect([first, second].map(({ context }) => context.scope.listeners())).toEqual([0, 0]);
  });

  it('keeps nothing: the next call is sent again', async () => {
    const { sent, start } = createShared();
    start();
    sent[0]?.end(answer);
    await settle();
    start();
    expect(sent).toHaveLength(2);
  });

  it('lets one leave without disturbing the others, even the one that started it', async () => {
    const { sent, start } = createShared();
    const [first, second] = [start(), start()];
    first.context.scope.abort(clientLeft);
    await settle();
    expect(first.watched.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect(sent[0]?.isOpen).toBe(true);
    sent[0]?.end(answer);
    await settle();
    expect(second.watched.outcome).toBe(answer);
  });

  it('holds bytes for anyone who still waits, not for one that has left', () => {
    const upstream = createManualUpstream();
    const call = coalesce()(upstream.call, createUpstream().info());
    const room = { first: true, second: true };
    const contexts = (['first', 'second'] as const).map((name) => {
      const context = createContext();
      const own = { ...context, request: { ...context.request, hold: () => room[name] } };
      watch(call, own);
      return own;
    });
    const hold = upstream.sent[0]?.context.request.hold;
    contexts[0]?.scope.abort(clientLeft);
    room.first = false;
    expect(hold?.(1)).toBe(true);
    room.second = false;
    expect(hold?.(1)).toBe(false);
  });

  it('cancels the call when the last one leaves; who comes then starts afresh', async () => {
    const { sent, start } = createShared();
    const [first, second] = [start(), start()];
    first.context.scope.abort(clientLeft);
    second.context.scope.abort(clientLeft);
    const third = start();
    await settle();
    expect(sent[0]?.aborted).toEqual({
      code: 'cancelled',
      message: 'nobody waits for it any more',
      reason: 'abandoned',
    });
    expect(sent).toHaveLength(2);
    const fourth = start();
    expect(sent).toHaveLength(2);
    sent[1]?.end(answer);
    await settle();
    expect([third, fourth].map(({ watched }) => watched.outcome)).toEqual([answer, answer]);
    expect([first, second, third, fourth].every(({ context }) => context.scope.listeners() === 0)).toBe(true);
  });

  it('has the latest deadline of those who wait', () => {
    const { sent, start } = createShared();
    start('a', 500);
    start('a', 900);
    start('a', 700);
    expect(sent[0]?.context.deadlineAt).toBe(performance.now() + 900);
  });

  it('counts the attempts for the call that was sent, and none for those that joined it', async () => {
    const { sent, start } = createShared();
    const [first, second] = [start(), start()];
    sent[0]?.end(answer);
    await settle();
    expect([first, second].map(({ context }) => context.record.attempts)).toEqual([1, 0]);
  });

  it('starts no flight for a call whose scope is aborted already', async () => {
    const { sent, start, call } = createShared();
    const context = createContext();
    context.scope.abort(clientLeft);
    watch(call, context);
    expect(sent[0]?.context).toBe(context);
    start();
    expect(sent[1]?.isOpen).toBe(true);
  });

  it('shares nothing between providers, nor between upstreams', () => {
    const upstream = createManualUpstream();
    const policy = coalesce();
    const [shop, other] = [createUpstream(), createUpstream()];
    const infos = [
      shop.info({ provider: 'first' }),
      shop.info({ provider: 'second' }),
      other.info({ provider: 'first' }),
    ];
    for (const info of infos) watch(policy(upstream.call, info), createContext());
    expect(upstream.sent).toHaveLength(3);
  });

  it('shares nothing between clients whose forwarded headers differ', () => {
    const { sent, call } = createShared();
    const identities = [
      { authorization: 'a' },
      { authorization: 'b' },
      { cookie: 'a' },
      undefined,
      { authorization: 'a' },
    ];
    for (const forwarded of identities) watch(call, { ...createContext(), forwarded });
    expect(sent.map(({ context }) => context.forwarded)).toEqual(identities.slice(0, 4));
  });

  it('shares no call whose input is more than plain data', () => {
    const sent: unknown[] = [];
    const attempt: Call<unknown, string> = (input) => {
      sent.push(input);
      return new Promise(() => {});
    };
    const call = coalesce()(attempt, createUpstream().info());
    for (const input of [new Map([['id', 1]]), new Map([['id', 2]])]) void call(input, createContext());
    expect(sent).toHaveLength(2);
  });

  it('forgets a call that rejects, which no call should', async () => {
    let isBroken = true;
    const call = coalesce()(
      () => (isBroken ? Promise.reject(new Error('defect')) : Promise.resolve(answer)),
      createUpstream().info(),
    );
    const context = createContext();
    await expect(call('a', context)).rejects.toThrow('defect');
    expect(context.scope.listeners()).toBe(0);
    isBroken = false;
    expect(await call('a', createContext())).toBe(answer);
  });

  it('refuses an operation that does more than read, naming the provider', () => {
    const bind = () => coalesce()(createManualUpstream().call, createUpstream().info({ safe: false }));
    expect(bind).toThrow(DefinitionError);
    expect(bind).toThrow('provider "shop/product": coalesce needs an operation that only reads');
  });
});
