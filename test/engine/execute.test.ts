import { Type } from 'typebox';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Policy } from '../../src/engine/call.ts';
import { toSources } from '../../src/engine/envelope.ts';
import { defineRoute } from '../../src/engine/route.ts';
import { createScope } from '../../src/engine/scope.ts';
import { ask, clientLeft, compute, createFanOut, plain, shop } from '../support/fan-out.ts';
import { answer, failure, silence } from '../support/transport.ts';

const draft = () => defineRoute({ url: '/v1/page', summary: 'A page', deadline: 800 });

beforeEach(() => {
  vi.useFakeTimers();
});

describe('when sources start', () => {
  test('sources without needs start at once and together', async () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const b = route.source(ask('b'), plain);
    const { run, upstreams } = createFanOut(route.merge({ a, b }), { '/a': answer('1', 30), '/b': answer('2', 50) });

    const { elapsedMs } = await run();

    expect(upstreams.requests.map(({ path, sentAt }) => [path, sentAt])).toEqual([
      ['/a', 0],
      ['/b', 0],
    ]);
    expect(elapsedMs).toBe(50);
  });

  test('a source starts the moment its last need has answered, whatever else still runs', async () => {
    const route = draft();
    const fast = route.source(ask('fast'), plain);
    const slow = route.source(ask('slow'), plain);
    const afterFast = route.source(ask('after-fast'), { ...plain, needs: { fast } });
    const afterBoth = route.source(ask('after-both'), { ...plain, needs: { afterFast, slow } });
    const { run, upstreams } = createFanOut(route.merge({ afterBoth, afterFast, slow, fast }), {
      '/fast': answer('1', 10),
      '/slow': answer('2', 100),
      '/after-fast': answer('3', 20),
      '/after-both': answer('4', 5),
    });

    const { elapsedMs, execution } = await run();

    const starts = Object.fromEntries(upstreams.requests.map(({ path, sentAt }) => [path, sentAt]));
    expect(starts).toEqual({ '/fast': 0, '/slow': 0, '/after-fast': 10, '/after-both': 100 });
    expect(elapsedMs).toBe(105);
    expect(toSources(execution.reports)['afterBoth']).toEqual({ status: 'ok', durationMs: 5, attempts: 1 });
  });

  test('inputs are made of the request and the answers of the needs, under the names given there', async () => {
    const route = defineRoute({ url: '/v1/p/:id', summary: 'p', params: Type.Object({ id: Type.String() }) });
    const product = route.source(ask('product'), plain);
    const input = vi.fn<(...seen: readonly unknown[]) => null>(() => null);
    const seller = route.source(ask('seller'), { needs: { item: product }, input });
    const { run } = createFanOut(route.merge({ product, seller }), {
      '/product': answer('{"s":7}'),
      '/seller': answer('0'),
    });

    await run({ request: { params: { id: 'x' } } });

    expect(input.mock.calls).toEqual([[expect.objectContaining({ params: { id: 'x' } }), { item: { s: 7 } }]]);
  });

  test('a source that names a need twice starts when it has answered', async () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const b = route.source(ask('b'), { ...plain, needs: { a, again: a } });
    const { run } = createFanOut(route.merge({ a, b }), { '/a': answer('1', 30), '/b': answer('2', 50) });

    expect(await run()).toMatchObject({ elapsedMs: 80, execution: { complete: true } });
  });

  test('every call gets the absolute deadline', async () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const b = route.source(ask('b'), { ...plain, needs: { a } });
    const { run, upstreams } = createFanOut(route.merge({ a, b }), { '/a': answer('1', 30), '/b': answer('2', 50) });
    vi.advanceTimersByTime(1_000);

    await run({ deadlineMs: 300 });

    expect(upstreams.requests.map(({ deadlineAt }) => deadlineAt)).toEqual([1_300, 1_300]);
  });
});

describe('a required source that fails', () => {
  test('ends the fan-out at once, cancels the rest and is the failure of the whole', async () => {
    const route = draft();
    const broken = route.source(ask('broken'), plain);
    const slow = route.source(ask('slow'), { ...plain, optional: true });
    const waiting = route.source(ask('waiting'), { ...plain, needs: { slow }, optional: true });
    const after = route.source(ask('after'), { ...plain, needs: { broken } });
    const { run, upstreams } = createFanOut(route.merge({ slow, waiting, broken, after }), {
      '/broken': failure('upstream_error', 20),
      '/slow': answer('1', 500),
    });

    const { execution, elapsedMs } = await run();

    expect(elapsedMs).toBe(20);
    expect(execution.failed?.name).toBe('broken');
    expect(execution.complete).toBe(false);
    expect(toSources(execution.reports)).toEqual({
      slow: { status: 'failed', code: 'cancelled', message: 'no longer needed', durationMs: 20, attempts: 1 },
      waiting: { status: 'skipped', because: 'slow', durationMs: 0, attempts: 0 },
      broken: {
        status: 'failed',
        code: 'upstream_error',
        message: 'scripted upstream_error',
        durationMs: 20,
        attempts: 1,
      },
      after: { status: 'skipped', because: 'broken', durationMs: 0, attempts: 0 },
    });
    expect(upstreams.requests.find(({ path }) => path === '/slow')?.end).toMatchObject({ as: 'aborted', at: 20 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('the first of two failures is the failure of the whole, whatever their order in the merge', async () => {
    const route = draft();
    const late = route.source(ask('late'), plain);
    const early = route.source(ask('early'), plain);
    const { run } = createFanOut(route.merge({ late, early }), {
      '/late': failure('protocol', 21),
      '/early': failure('unreachable', 20),
    });

    const { execution } = await run();

    expect(execution.failed?.name).toBe('early');
    expect(toSources(execution.reports)['late']).toMatchObject({ code: 'cancelled' });
  });

  test('nothing that was to start in the same moment starts any more', async () => {
    const route = draft();
    const broken = route.source(ask('broken'), {
      input: () => {
        throw new Error('a defect');
      },
    });
    const next = route.source(ask('next'), plain);
    const { run, upstreams } = createFanOut(route.merge({ broken, next }), { '/next': answer('1') });

    const { execution } = await run();

    expect(execution.failed?.name).toBe('broken');
    expect(upstreams.requests).toEqual([]);
    expect(toSources(execution.reports)['next']).toMatchObject({ code: 'cancelled', durationMs: 0, attempts: 0 });
  });
});

describe('the deadline', () => {
  test('ends what is open as timeout; the first required source that was open is the failure', async () => {
    const route = draft();
    const extra = route.source(ask('extra'), { ...plain, optional: true });
    const quick = route.source(ask('quick'), plain);
    const stuck = route.source(ask('stuck'), plain);
    const after = route.source(ask('after'), { ...plain, needs: { stuck } });
    const { run, upstreams } = createFanOut(route.merge({ extra, quick, after, stuck }), {
      '/extra': silence,
      '/quick': answer('1', 10),
      '/stuck': silence,
    });

    const { execution, elapsedMs } = await run({ deadlineMs: 300 });

    expect(elapsedMs).toBe(300);
    expect(execution.failed?.name).toBe('stuck');
    const timeout = {
      status: 'failed',
      code: 'timeout',
      message: 'no answer within 300 ms',
      durationMs: 300,
      attempts: 1,
    };
    expect(toSources(execution.reports)).toEqual({
      extra: timeout,
      quick: { status: 'ok', durationMs: 10, attempts: 1 },
      after: { status: 'skipped', because: 'stuck', durationMs: 0, attempts: 0 },
      stuck: timeout,
    });
    expect(upstreams.requests.map(({ end }) => end?.as)).toEqual(['aborted', 'answered', 'aborted']);
    expect(upstreams.requests[0]?.end?.failure).toMatchObject({ code: 'timeout', reason: 'deadline' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('with only optional sources open there is still a payload', async () => {
    const route = draft();
    const quick = route.source(ask('quick'), plain);
    const stuck = route.source(ask('stuck'), { ...plain, optional: true });
    const { run } = createFanOut(route.merge({ quick, stuck }), { '/quick': answer('1', 10), '/stuck': silence });

    const { execution, text } = await run();

    expect(execution).toMatchObject({ complete: false, failed: undefined });
    expect(text()).toMatch(/^\{"data":\{"quick":1,"stuck":null\},"complete":false,/);
  });

  test('holds against a run that ignores its signal', async () => {
    const route = draft();
    const source = route.source(
      compute('deaf', () => new Promise(() => {})),
      plain,
    );
    const { run } = createFanOut(route.merge({ source }));

    const { execution, elapsedMs } = await run({ deadlineMs: 250 });

    expect(elapsedMs).toBe(250);
    expect(toSources(execution.reports)['source']).toMatchObject({ code: 'timeout', durationMs: 250, attempts: 1 });
  });

  test('holds against a policy that never settles', async () => {
    const route = draft();
    const stuck: Policy = () => () => new Promise(() => {});
    const source = route.source(ask('a', [stuck]), plain);
    const { run } = createFanOut(route.merge({ source }));

    expect(await run({ deadlineMs: 250 })).toMatchObject({ elapsedMs: 250, execution: { failed: { name: 'source' } } });
  });

  test('what waited for a need that has a fallback ran out of time itself', async () => {
    const route = draft();
    const stuck = route.source(ask('stuck'), { ...plain, optional: true, fallback: 7 });
    const after = route.source(ask('after'), { ...plain, needs: { stuck } });
    const { run } = createFanOut(route.merge({ stuck, after }), { '/stuck': silence });

    const { execution } = await run({ deadlineMs: 300 });

    expect(execution.failed?.name).toBe('after');
    expect(toSources(execution.reports)).toMatchObject({
      stuck: { status: 'failed', code: 'timeout', fallback: true },
      after: { status: 'failed', code: 'timeout', durationMs: 0, attempts: 0 },
    });
  });

  test('an answer that comes after the end changes nothing', async () => {
    const route = draft();
    const late: Policy = (next) => async (input, context) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return next(input, context);
    };
    const source = route.source(ask('late', [late]), { ...plain, optional: true });
    const { run } = createFanOut(route.merge({ source }), { '/late': answer('1') });

    const { execution } = await run({ deadlineMs: 300 });
    const before = JSON.stringify(execution.reports[0]?.outcome);
    await vi.advanceTimersByTimeAsync(200);

    expect(before).toContain('"timeout"');
    expect(JSON.stringify(execution.reports[0]?.outcome)).toBe(before);
  });
});

describe('a client that leaves', () => {
  test('ends the fan-out at once, with the reason of the abort as the outcome', async () => {
    const route = draft();
    const done = route.source(ask('done'), plain);
    const slow = route.source(ask('slow'), plain);
    const after = route.source(ask('after'), { ...plain, needs: { slow } });
    const { run, upstreams } = createFanOut(route.merge({ done, slow, after }), {
      '/done': answer('1', 10),
      '/slow': answer('1', 500),
    });

    const { execution, elapsedMs } = await run({ leaveAfterMs: 40 });

    expect(elapsedMs).toBe(40);
    expect(execution.failed?.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect(toSources(execution.reports)).toMatchObject({
      done: { status: 'ok' },
      slow: { code: 'cancelled' },
      after: { because: 'slow' },
    });
    expect(upstreams.requests[1]?.end).toEqual({ at: 40, as: 'aborted', failure: clientLeft });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('who has left before the start causes no request', async () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const { run, upstreams } = createFanOut(route.merge({ a }), { '/a': answer('1') });
    const scope = createScope();
    scope.abort(clientLeft);

    const { execution } = await run({ scope });

    expect(upstreams.requests).toEqual([]);
    expect(execution.failed?.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('after a good end the scope is aborted, so that nothing can run on unseen', async () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const scope = createScope();

    const { execution } = await createFanOut(route.merge({ a }), { '/a': answer('1', 5) }).run({ scope });

    expect(execution.complete).toBe(true);
    expect(scope.failure).toMatchObject({ code: 'cancelled', reason: 'not_needed' });
  });
});

describe('defects', () => {
  const broken = () => {
    throw new Error('secret detail');
  };
  const rejects: Policy = () => () => Promise.reject(new Error('secret detail'));
  const throws: Policy = () => broken;

  test.each([
    ['an input that throws', ask('a'), { input: broken }, 'source faulty', 0],
    ['a condition that throws', ask('a'), { ...plain, when: broken }, 'source faulty', 0],
    ['a policy that throws', ask('a', [throws]), plain, 'source faulty', 0],
    ['a policy that rejects', ask('a', [rejects]), plain, 'a policy of source faulty', 0],
    [
      'a request that throws',
      shop.provider({ name: 'a', output: Type.Unknown(), request: broken }),
      plain,
      'provider shop/a',
      0,
    ],
    ['a run that throws', compute('a', broken), plain, 'provider shop/a', 1],
  ] as const)('%s is an internal failure of that source alone', async (_what, provider, options, place, attempts) => {
    const route = draft();
    const sound = route.source(ask('sound'), plain);
    const faulty = route.source(provider, { ...options, optional: true });
    const { run } = createFanOut(route.merge({ sound, faulty }), { '/sound': answer('1', 10) });

    const { execution, text } = await run();

    expect(toSources(execution.reports)).toEqual({
      sound: { status: 'ok', durationMs: 10, attempts: 1 },
      faulty: { status: 'failed', code: 'internal', message: `a defect in ${place}`, durationMs: 0, attempts },
    });
    expect(text()).not.toContain('secret detail');
    const { outcome } = execution.reports[1] ?? {};
    expect(outcome).toMatchObject({ failure: { cause: new Error('secret detail') } });
  });
});
