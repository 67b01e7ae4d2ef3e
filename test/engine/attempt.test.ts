import { type TSchema, Type } from 'typebox';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createAttempt } from '../../src/engine/attempt.ts';
import type { CallContext } from '../../src/engine/call.ts';
import { path } from '../../src/engine/path.ts';
import type { Provider, RunContext } from '../../src/engine/provider.ts';
import { createScope, type OwnedScope } from '../../src/engine/scope.ts';
import { clientLeft, facts, shop } from '../support/fan-out.ts';
import { answer, createFakeUpstreams, failure } from '../support/transport.ts';

interface Started {
  readonly scope: OwnedScope;
  readonly context: CallContext;
}

const start = (scope = createScope()): Started => ({
  scope,
  context: { scope, deadlineAt: 800, request: facts, record: { attempts: 0 } },
});
const noTransport = () => Promise.reject(new Error('a run provider sends no request'));

beforeEach(() => {
  vi.useFakeTimers();
});

describe('an attempt that is a request', () => {
  const Item = Type.Object({ id: Type.String() });
  const getItem = shop.provider({
    name: 'item',
    output: Item,
    method: 'PUT',
    request: ({ id }: { readonly id: string }) => ({
      path: path`/items/${id}`,
      query: { q: 1 },
      headers: { a: 'b' },
      body: [1],
    }),
  });
  const bind = <I, O>(provider: Provider<I, O>, reply = answer('{"id":"7","more":1}', 10)) => {
    const upstreams = createFakeUpstreams({ '/items/7': reply });
    return { call: createAttempt(provider, upstreams.connect(shop)), upstreams };
  };

  test('sends what the provider described, and checks the answer', async () => {
    const { call, upstreams } = bind(getItem);
    const { context } = start();

    const ended = call({ id: '7' }, context);
    await vi.runAllTimersAsync();

    expect(await ended).toMatchObject({ status: 'ok', value: { id: '7' }, bytes: Buffer.from('{"id":"7","more":1}') });
    const query = { q: 1 };
    const sent = { path: path`/items/7`, query, headers: { a: 'b' }, body: [1], method: 'PUT', idempotent: true };
    expect(upstreams.requests.map(({ request }) => request)).toEqual([sent]);
    expect(context.record.attempts).toBe(1);
  });

  test('passes a failure of the transport on as it is', async () => {
    const { call } = bind(getItem, failure('unreachable'));
    const ended = call({ id: '7' }, start().context);
    await vi.runAllTimersAsync();
    expect(await ended).toMatchObject({ status: 'failed', failure: { code: 'unreachable' } });
  });

  test('is not sent when the scope is aborted already', async () => {
    const { call, upstreams } = bind(getItem);
    const { scope, context } = start();
    scope.abort(clientLeft);

    expect(await call({ id: '7' }, context)).toEqual({ status: 'failed', failure: clientLeft });
    expect(upstreams.requests).toEqual([]);
    expect(context.record.attempts).toBe(0);
  });

  test('is rejected when a value would leave its place in the path', async () => {
    const { call, upstreams } = bind(getItem);
    const { context } = start();

    expect(await call({ id: '..' }, context)).toMatchObject({
      failure: { code: 'rejected', message: 'a value cannot be part of a path', reason: 'unsafe_path' },
    });
    expect(upstreams.requests).toEqual([]);
    expect(context.record.attempts).toBe(0);
  });

  test('is an internal failure when the provider throws', async () => {
    const cause = new Error('secret');
    const broken = shop.provider({
      name: 'broken',
      output: Item,
      request: () => {
        throw cause;
      },
    });
    expect(await bind(broken).call({}, start().context)).toEqual({
      status: 'failed',
      failure: { code: 'internal', message: 'a defect in provider shop/broken', reason: 'exception', cause },
    });
  });

  test('cannot be made of a provider that is neither', () => {
    const neither = { ...getItem, request: undefined };
    expect(() => createAttempt(neither, noTransport)).toThrow(TypeError);
  });
});

describe('an attempt that is a computation', () => {
  const bind = (
    run: (input: number, context: RunContext) => unknown,
    output: TSchema = Type.Number(),
    onLate?: () => void,
  ) => createAttempt(shop.provider({ name: 'sum', output, run }), noTransport, onLate);

  test.each([
    ['at once', (input: number) => input + 1],
    ['later', async (input: number) => input + 1],
  ])('gives its value %s', async (_when, run) => {
    const { context } = start();
    expect(await bind(run)(1, context)).toEqual({ status: 'ok', value: 2 });
    expect(context.record.attempts).toBe(1);
  });

  test('sees a signal and the deadline', async () => {
    const { scope, context } = start();
    const run = vi.fn<(input: number, context: RunContext) => Promise<never>>(() => new Promise(() => {}));

    const ended = bind(run)(1, context);
    const seen = run.mock.calls[0]?.[1];
    expect(seen).toMatchObject({ deadlineAt: 800, signal: { aborted: false } });
    scope.abort(clientLeft);

    expect(seen?.signal.reason).toBe(clientLeft);
    expect(await ended).toEqual({ status: 'failed', failure: clientLeft });
  });

  test.each([
    ['nothing', () => undefined, 'null'],
    ['a list', () => [1, { a: 2 }], '[1,{"a":2}]'],
  ])('that no schema checks is written as JSON at once: %s', async (_what, run, json) => {
    const outcome = await bind(run, Type.Unknown())(1, start().context);
    expect(outcome).toEqual({ status: 'ok', value: run(), bytes: Buffer.from(json) });
  });

  test('is an internal failure when it cannot be JSON', async () => {
    const outcome = await bind(() => 1n, Type.Unknown())(1, start().context);
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'internal' } });
  });

  test('is left behind when it ignores its signal; its late answer and its late rejection are counted', async () => {
    for (const late of [() => 1, () => Promise.reject(new Error('late'))]) {
      const { scope, context } = start();
      const onLate = vi.fn();
      const run = () => new Promise((resolve) => setTimeout(resolve, 500)).then(late);
      const ended = bind(run, Type.Number(), onLate)(1, context);
      scope.abort(clientLeft);
      expect(await ended).toEqual({ status: 'failed', failure: clientLeft });
      await vi.runAllTimersAsync();
      expect(onLate).toHaveBeenCalledTimes(1);
    }
  });

  test('does not begin when the scope is aborted already', async () => {
    const run = vi.fn<() => number>();
    const { scope, context } = start();
    scope.abort(clientLeft);

    expect(await bind(run)(1, context)).toEqual({ status: 'failed', failure: clientLeft });
    expect(run).not.toHaveBeenCalled();
    expect(context.record.attempts).toBe(0);
  });

  test.each([
    [
      'throws',
      (): never => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ])('is an internal failure when it %s', async (_how, run) => {
    const failure = { code: 'internal', message: 'a defect in provider shop/sum', cause: new Error('secret') };
    expect(await bind(run)(1, start().context)).toMatchObject({ status: 'failed', failure });
  });

  test('is an internal failure when its value cannot even be checked', async () => {
    const Either = Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]);
    const outcome = await bind(() => ({ a: () => 'a function cannot be cloned' }), Either)(1, start().context);
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'internal' } });
  });

  test('must match the output like any answer', async () => {
    expect(await bind(() => 'text')(1, start().context)).toMatchObject({ failure: { code: 'invalid_response' } });
  });

  test('takes its listener back however it ends', async () => {
    const broken = (): never => {
      throw new Error('a defect');
    };
    for (const run of [() => 1, async () => 1, broken, () => Promise.reject(new Error('a defect'))]) {
      const unsubscribe = vi.fn<() => void>();
      const scope = { ...createScope(), onAbort: () => unsubscribe };
      await bind(run)(1, start(scope).context);
      expect(unsubscribe).toHaveBeenCalledOnce();
    }
  });
});
