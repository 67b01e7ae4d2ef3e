import { Type } from 'typebox';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Policy } from '../../src/engine/call.ts';
import { toSources } from '../../src/engine/envelope.ts';
import { defineRoute } from '../../src/engine/route.ts';
import { ask, compute, createFanOut, plain, shop } from '../support/fan-out.ts';
import { answer, failure, silence } from '../support/transport.ts';

const draft = () => defineRoute({ url: '/v1/page', summary: 'A page' });

beforeEach(() => {
  vi.useFakeTimers();
});

describe('an optional source that fails', () => {
  test('leaves null, and the answer is partial', async () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const b = route.source(ask('b'), { ...plain, optional: true });
    const { run } = createFanOut(route.merge({ b, a }), { '/a': answer('[1]', 30), '/b': failure('timeout', 10) });

    const { execution, text, elapsedMs } = await run();

    expect(elapsedMs).toBe(30);
    expect(execution).toMatchObject({ complete: false, failed: undefined });
    expect(text()).toMatch(/^\{"data":\{"b":null,"a":\[1\]\},"complete":false,/);
  });

  test('skips its dependents, and theirs, each naming its own need', async () => {
    const route = draft();
    const a = route.source(ask('a'), { ...plain, optional: true });
    const b = route.source(ask('b'), { ...plain, needs: { first: a }, optional: true });
    const c = route.source(ask('c'), { ...plain, needs: { b }, optional: true });
    const { run, upstreams } = createFanOut(route.merge({ a, b, c }), { '/a': failure('not_found', 5) });

    const { execution } = await run();

    expect(upstreams.requests.map(({ path }) => path)).toEqual(['/a']);
    expect(execution).toMatchObject({ complete: false, failed: undefined });
    expect(toSources(execution.reports)).toMatchObject({
      b: { status: 'skipped', because: 'a', durationMs: 0, attempts: 0 },
      c: { status: 'skipped', because: 'b', durationMs: 0, attempts: 0 },
    });
  });

  test('skips a dependent for good, although its other need answers later', async () => {
    const route = draft();
    const broken = route.source(ask('broken'), { ...plain, optional: true });
    const late = route.source(ask('late'), plain);
    const last = route.source(ask('last'), plain);
    const both = route.source(ask('both'), { ...plain, needs: { broken, late }, optional: true });
    const { run, upstreams } = createFanOut(route.merge({ both, broken, late, last }), {
      '/broken': failure('timeout', 10),
      '/late': answer('1', 20),
      '/last': answer('1', 30),
      '/both': answer('1'),
    });

    const { execution } = await run();

    expect(upstreams.requests.map(({ path }) => path)).not.toContain('/both');
    const skipped = { status: 'skipped', because: 'broken', durationMs: 0, attempts: 0 };
    expect(toSources(execution.reports)['both']).toEqual(skipped);
  });

  test('skips a dependent once, although another of its needs fails too', async () => {
    const route = draft();
    const a = route.source(ask('a'), { ...plain, optional: true });
    const b = route.source(ask('b'), { ...plain, optional: true });
    const both = route.source(ask('both'), { ...plain, needs: { a, b }, optional: true });
    const slow = route.source(ask('slow'), plain);
    const { run } = createFanOut(route.merge({ a, b, both, slow }), {
      '/a': failure('timeout', 10),
      '/b': failure('timeout', 20),
      '/slow': answer('1', 50),
    });

    const { execution } = await run();

    expect(toSources(execution.reports)).toMatchObject({ both: { because: 'a' }, slow: { status: 'ok' } });
  });

  test('skips a dependent that names it twice', async () => {
    const route = draft();
    const a = route.source(ask('a'), { ...plain, optional: true });
    const b = route.source(ask('b'), { ...plain, needs: { a, again: a }, optional: true });
    const { run } = createFanOut(route.merge({ a, b }), { '/a': failure('timeout', 10) });

    const { execution, elapsedMs } = await run();

    expect(elapsedMs).toBe(10);
    expect(toSources(execution.reports)['b']).toMatchObject({ status: 'skipped', because: 'a' });
  });

  test('of all optional sources that fail, there is still an answer', async () => {
    const route = draft();
    const a = route.source(ask('a'), { ...plain, optional: true });
    const b = route.source(ask('b'), { ...plain, optional: true });
    const { run } = createFanOut(route.merge({ a, b }), { '/a': failure('timeout'), '/b': failure('protocol') });

    const { execution, text } = await run();

    expect(execution).toMatchObject({ complete: false, failed: undefined });
    expect(text()).toMatch(/^\{"data":\{"a":null,"b":null\},/);
  });
});

describe('a fallback', () => {
  test('stands in for the answer; the source stays failed, and dependents run on it', async () => {
    const route = draft();
    const rates = route.source(ask('rates'), { ...plain, optional: true, fallback: { usd: 1 } });
    const echo = compute('price', (input) => input);
    const price = route.source(echo, { needs: { rates }, input: (_request, needs) => needs });
    const { run } = createFanOut(route.merge({ rates, price }), { '/rates': failure('timeout', 10) });

    const { execution, text } = await run();

    expect(execution).toMatchObject({ complete: false, failed: undefined });
    expect(toSources(execution.reports)).toMatchObject({
      rates: { status: 'failed', code: 'timeout', fallback: true },
      price: { status: 'ok' },
    });
    expect(text()).toMatch(/^\{"data":\{"rates":\{"usd":1\},"price":\{"rates":\{"usd":1\}\}\},"complete":false,/);
  });

  test('stands in at the deadline too', async () => {
    const route = draft();
    const rates = route.source(ask('rates'), { ...plain, optional: true, fallback: { usd: 1 } });
    const { run } = createFanOut(route.merge({ rates }), { '/rates': silence });

    const { execution, text } = await run({ deadlineMs: 300 });

    expect(toSources(execution.reports)['rates']).toMatchObject({ code: 'timeout', fallback: true, durationMs: 300 });
    expect(text()).toMatch(/^\{"data":\{"rates":\{"usd":1\}\},/);
  });

  test.each([false, true])(
    'does not stand in for a need that failed (with a merge function: %s)',
    async (hasFunction) => {
      const route = draft();
      const a = route.source(ask('a'), { ...plain, optional: true });
      const b = route.source(ask('b'), { ...plain, needs: { a }, optional: true, fallback: 7 });
      const merged = hasFunction ? route.merge({ b }, Type.Unknown(), (answers) => answers) : route.merge({ b });

      const { text } = await createFanOut(merged, { '/a': failure('timeout') }).run();

      expect(text()).toMatch(
        /^\{"data":\{"b":null\},"complete":false,"sources":\{"b":\{"status":"skipped","because":"a",/,
      );
      expect(text()).not.toContain('fallback');
    },
  );

  test('is not used while the upstream answers', async () => {
    const route = draft();
    const rates = route.source(ask('rates'), { ...plain, optional: true, fallback: { usd: 1 } });
    const { run } = createFanOut(route.merge({ rates }), { '/rates': answer('{"usd":2}') });

    const { text } = await run();

    expect(text()).toMatch(/^\{"data":\{"rates":\{"usd":2\}\},"complete":true,/);
    expect(text()).not.toContain('fallback');
  });
});

describe('a condition', () => {
  test('that is false skips the source, and the answer is complete', async () => {
    const route = draft();
    const a = route.source(ask('a'), { ...plain, when: () => false });
    const b = route.source(ask('b'), plain);
    const { run, upstreams } = createFanOut(route.merge({ a, b }), { '/a': answer('1'), '/b': answer('2') });

    const { execution, text } = await run();

    expect(upstreams.requests.map(({ path }) => path)).toEqual(['/b']);
    expect(execution).toMatchObject({ complete: true, failed: undefined });
    expect(toSources(execution.reports)['a']).toEqual({
      status: 'skipped',
      because: 'condition',
      durationMs: 0,
      attempts: 0,
    });
    expect(text()).toMatch(/^\{"data":\{"a":null,"b":2\},"complete":true,/);
  });

  test('that is false skips the dependents too, required ones as well, and the answer is complete', async () => {
    const route = draft();
    const a = route.source(ask('a'), { ...plain, when: () => false });
    const b = route.source(ask('b'), { ...plain, needs: { a } });
    const c = route.source(ask('c'), { ...plain, needs: { b } });
    const { run } = createFanOut(route.merge({ a, b, c }));

    const { execution } = await run();

    expect(execution).toMatchObject({ complete: true, failed: undefined });
    expect(toSources(execution.reports)).toMatchObject({ b: { because: 'a' }, c: { because: 'b' } });
  });

  test('sees the request and the needs', async () => {
    const route = defineRoute({ url: '/v1/p', summary: 'p', query: Type.Object({ full: Type.Boolean() }) });
    const product = route.source(
      shop.provider({ name: 'p', output: Type.Object({ sold: Type.Number() }), run: () => ({ sold: 3 }) }),
      plain,
    );
    const reviews = route.source(ask('reviews'), {
      ...plain,
      needs: { product },
      when: ({ query }, needs) => query.full && needs.product.sold > 2,
    });
    const { run } = createFanOut(route.merge({ product, reviews }), { '/reviews': answer('[]') });

    const [full, short] = [
      await run({ request: { query: { full: true } } }),
      await run({ request: { query: { full: false } } }),
    ];

    expect(full.reports['reviews']?.outcome.status).toBe('ok');
    expect(short.reports['reviews']?.outcome).toMatchObject({ status: 'skipped', because: 'condition' });
  });
});

describe('strict handling', () => {
  test('makes the failure of an optional source the failure of the whole, at once', async () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const b = route.source(ask('b'), { ...plain, optional: true, fallback: 1 });
    const { run } = createFanOut(route.merge({ a, b }), { '/a': answer('1', 100), '/b': failure('timeout', 10) });

    const { execution, elapsedMs } = await run({ strict: true });

    expect(elapsedMs).toBe(10);
    expect(execution.failed?.name).toBe('b');
  });

  test('lets a condition skip', async () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const b = route.source(ask('b'), { ...plain, when: () => false });
    const { run } = createFanOut(route.merge({ a, b }), { '/a': answer('1') });

    expect((await run({ strict: true })).execution).toMatchObject({ complete: true, failed: undefined });
  });
});

describe('attempts', () => {
  test('counts every request that was sent', async () => {
    const twice: Policy = (next) => async (input, context) => {
      await next(input, context);
      return next(input, context);
    };
    const route = draft();
    const a = route.source(ask('a', [twice]), plain);
    const { run, upstreams } = createFanOut(route.merge({ a }), { '/a': [failure('timeout', 5), answer('1', 5)] });

    const { execution } = await run();

    expect(upstreams.requests).toHaveLength(2);
    expect(toSources(execution.reports)['a']).toEqual({ status: 'ok', durationMs: 10, attempts: 2 });
  });
});
