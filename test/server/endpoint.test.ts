import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { defineRoute, Type } from '../../src/index.ts';
import { ask, createAsk, hang, json, plain, serve, startUpstream } from './setup.ts';

const page = () => defineRoute({ url: '/v1/page', summary: 'A page', deadline: 5_000 });

describe('an answer', () => {
  test('has the payload, its completeness and the status of every source, and says the same in headers', async () => {
    const upstream = await startUpstream({ '/a': json({ n: 1 }), '/b': json([2]) });
    const provider = createAsk(upstream.origin);
    const route = page();
    const a = route.source(provider('a'), plain);
    const b = route.source(provider('b'), plain);
    const { origin } = await serve({ routes: [route.merge({ b, a })] });

    const { status, headers, text, json: read } = await ask(`${origin}/v1/page`);

    expect(status).toBe(200);
    expect(text).toMatch(/^\{"data":\{"b":\[2\],"a":\{"n":1\}\},"complete":true,"sources":\{"b":/);
    const ok = { status: 'ok', durationMs: expect.any(Number), attempts: 1 };
    expect(read()).toEqual({ data: { b: [2], a: { n: 1 } }, complete: true, sources: { b: ok, a: ok } });
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      'x-aggregate-complete': 'true',
      'server-timing': expect.stringMatching(/^b;dur=[\d.]+;desc="ok", a;dur=[\d.]+;desc="ok"$/),
      'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(headers).not.toHaveProperty('cache-control');
    expect(headers).not.toHaveProperty('preference-applied');
  });

  test('that is partial may not be stored', async () => {
    const upstream = await startUpstream({ '/a': json(1) });
    const provider = createAsk(upstream.origin);
    const route = page();
    const a = route.source(provider('a'), plain);
    const b = route.source(provider('b'), { ...plain, optional: true });
    const { origin } = await serve({ routes: [route.merge({ a, b })] });

    const { status, headers, json: read } = await ask(`${origin}/v1/page`);

    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-aggregate-complete': 'false' });
    expect(headers['server-timing']).toContain('b;dur=');
    expect(headers['server-timing']).toContain('desc="not_found"');
    expect(read()).toMatchObject({ data: { a: 1, b: null }, complete: false, sources: { b: { code: 'not_found' } } });
  });

  test('is a problem where a required source fails, with the same sources, and names nothing of the upstream', async () => {
    const upstream = await startUpstream({ '/a': json({ secret: 'of the upstream' }, {}, 500), '/b': hang });
    const provider = createAsk(upstream.origin);
    const route = page();
    const a = route.source(provider('a'), plain);
    const b = route.source(provider('b'), plain);
    const { origin } = await serve({ routes: [route.merge({ a, b })] });

    const { status, headers, text, json: read } = await ask(`${origin}/v1/page`);

    expect(status).toBe(502);
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/problem\+json/),
      'cache-control': 'no-store',
      'x-aggregate-complete': 'false',
      'server-timing': expect.stringContaining('desc="upstream_error"'),
    });
    expect(read()).toMatchObject({
      type: 'urn:problem-type:confluo:upstream_error',
      title: 'Upstream failed',
      status: 502,
      code: 'upstream_error',
      source: 'a',
      requestId: headers['x-request-id'],
      sources: { a: { status: 'failed', code: 'upstream_error' }, b: { status: 'failed', code: 'cancelled' } },
    });
    for (const hidden of ['secret', '127.0.0.1', upstream.origin, '/a"']) expect(text).not.toContain(hidden);
  });

  test('of a merge that throws is a 500 without a word of the exception', async () => {
    const upstream = await startUpstream(json(1));
    const route = page();
    const a = route.source(createAsk(upstream.origin)('a'), plain);
    const broken = route.merge({ a }, Type.Object({}), () => {
      throw new Error('password 1234');
    });
    const { origin, lines } = await serve({ routes: [broken] });

    const { status, text } = await ask(`${origin}/v1/page`);

    expect(status).toBe(500);
    expect(text).not.toContain('password');
    expect(JSON.stringify(lines.filter(({ level }) => level === 50))).toContain('password 1234');
  });
});

describe('methods', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
    '%s gives its body, validated, to the sources',
    async (method) => {
      const upstream = await startUpstream(json('done'));
      const provider = createAsk(upstream.origin);
      const body = Type.Object({ name: Type.String() });
      const route = defineRoute({ method, url: '/v1/things', summary: 'Things', body });
      const seen: unknown[] = [];
      const done = route.source(provider('things'), { input: (incoming) => seen.push(incoming.body) });
      const { origin } = await serve({ routes: [route.merge({ done })] });

      const { status, json: read } = await ask(`${origin}/v1/things`, { method, body: { name: 'Chair', more: 1 } });

      expect(status).toBe(200);
      expect(read()).toMatchObject({ data: { done: 'done' }, complete: true });
      expect(seen).toEqual([{ name: 'Chair' }]);
    },
  );

  test('HEAD has the headers of GET and no body', async () => {
    const upstream = await startUpstream(json(1));
    const route = page();
    const a = route.source(createAsk(upstream.origin)('a'), plain);
    const { origin, line } = await serve({ routes: [route.merge({ a })] });

    const head = await ask(`${origin}/v1/page`, { method: 'HEAD' });

    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers).toMatchObject({
      'x-aggregate-complete': 'true',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(Number(head.headers['content-length'])).toBeGreaterThan(50);
    expect(await line(({ method }) => method === 'HEAD')).toMatchObject({ status: 200, route: '/v1/page' });
  });
});

describe('the request id', () => {
  const askWith = async (id: string | readonly string[]) => {
    const upstream = await startUpstream(json(1));
    const route = page();
    const a = route.source(createAsk(upstream.origin)('a'), plain);
    const { origin, line } = await serve({ routes: [route.merge({ a })] });
    const { headers } = await ask(`${origin}/v1/page`, { headers: { 'x-request-id': id } });
    const { requestId } = await line(({ msg }) => msg === 'request');
    expect(requestId).toBe(headers['x-request-id']);
    return requestId;
  };

  test.each(['a', 'b7a1f3', 'A.b_c:d@e/f+g=h-i', '0'.repeat(128)])('is the one of the client: %s', async (id) => {
    expect(await askWith(id)).toBe(id);
  });

  test.each([
    ['empty', ''],
    ['a space', 'a b'],
    ['a quote', 'a"b'],
    ['beyond ASCII', 'é'],
    ['129 characters', '0'.repeat(129)],
    ['10 KB', 'x'.repeat(10_000)],
    ['two', ['a', 'b']],
  ])('is a new one where that of the client is malformed: %s', async (_name, id) => {
    expect(await askWith(id)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('the trace', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const askWith = async (traceparent?: string) => {
    const upstream = await startUpstream(json(1));
    const route = page();
    const a = route.source(createAsk(upstream.origin)('a'), plain);
    const { origin, line } = await serve({ routes: [route.merge({ a })] });
    const { headers } = await ask(`${origin}/v1/page`, { headers: traceparent === undefined ? {} : { traceparent } });
    const { traceId: logged } = await line(({ msg }) => msg === 'request');
    return { out: String(headers['traceparent']), up: String(upstream.seen[0]?.headers['traceparent']), logged };
  };

  test('of the client goes on to the upstream, back to the client and into the log, each with a span of its own', async () => {
    const given = `00-${traceId}-00f067aa0ba902b7-01`;

    const { out, up, logged } = await askWith(given);

    const form = new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`);
    expect(out).toMatch(form);
    expect(up).toMatch(form);
    expect(new Set([given, out, up]).size).toBe(3);
    expect(logged).toBe(traceId);
  });

  test.each([
    ['none', undefined],
    ['zero trace', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['zero parent', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`],
    ['version ff', `ff-${traceId}-00f067aa0ba902b7-01`],
    ['more than version 00 has', `00-${traceId}-00f067aa0ba902b7-01-x`],
    ['garbage', 'x'.repeat(8_000)],
  ])('is a new one, unsampled, where that of the client is none: %s', async (_name, traceparent) => {
    const { out, up, logged } = await askWith(traceparent);

    expect(out).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(out.split('-')[1]).toBe(logged);
    expect(up.split('-')[1]).toBe(logged);
    expect(logged).not.toBe(traceId);
  });
});

describe('preferences', () => {
  const build = async () => {
    const upstream = await startUpstream({ '/a': json(1), '/slow': hang });
    const provider = createAsk(upstream.origin);
    const partial = defineRoute({ url: '/v1/partial', summary: 'Partial' });
    const b = partial.source(provider('b'), { ...plain, optional: true });
    const slow = defineRoute({ url: '/v1/slow', summary: 'Slow', deadline: 50 });
    const c = slow.source(provider('slow'), plain);
    return serve({ routes: [partial.merge({ b }), slow.merge({ c })] });
  };

  test('handling=strict makes a partial answer a problem', async () => {
    const { origin } = await build();
    const lenient = await ask(`${origin}/v1/partial`, { headers: { prefer: 'handling=lenient' } });
    const strict = await ask(`${origin}/v1/partial`, { headers: { prefer: 'handling=strict' } });

    expect(lenient).toMatchObject({ status: 200, headers: { 'preference-applied': 'handling=lenient' } });
    expect(strict).toMatchObject({ status: 404, headers: { 'preference-applied': 'handling=strict' } });
    expect(strict.json()).toMatchObject({ code: 'not_found', source: 'b' });
  });

  test('wait shortens the deadline, and never lengthens it', async () => {
    const { origin } = await build();
    const none = await ask(`${origin}/v1/slow`, { headers: { prefer: 'wait=0' } });
    const long = await ask(`${origin}/v1/slow`, { headers: { prefer: 'wait=600' } });

    expect(none).toMatchObject({ status: 504, headers: { 'preference-applied': 'wait=0' } });
    expect(none.json()).toMatchObject({ detail: 'c: no answer within 0 ms' });
    expect(long.json()).toMatchObject({ detail: 'c: no answer within 50 ms' });
  });
});

describe('a client that leaves', () => {
  test.each([
    ['GET', undefined],
    ['POST', '{"name":"x"}'],
  ] as const)('cancels all upstream work at once, and starts no more: %s', async (method, body) => {
    const upstream = await startUpstream({ '/a': hang, '/b': hang, '/c': json(1) });
    const provider = createAsk(upstream.origin);
    const schema = method === 'POST' ? { body: Type.Object({ name: Type.String() }) } : {};
    const route = defineRoute({ method, url: '/v1/page', summary: 'A page', deadline: 5_000, ...schema });
    const a = route.source(provider('a'), plain);
    const b = route.source(provider('b'), { ...plain, optional: true });
    const after = route.source(provider('c'), { ...plain, needs: { b }, optional: true });
    const { origin, line } = await serve({ routes: [route.merge({ a, b, after })] });

    const client = request(`${origin}/v1/page`, {
      method,
      agent: false,
      headers: { 'content-type': 'application/json' },
    });
    client.on('error', () => {}).end(body);
    await upstream.arrived(2);
    const leftAt = performance.now();
    client.destroy();
    const closedAt = await Promise.all(upstream.seen.map(({ left }) => left));

    expect(Math.max(...closedAt) - leftAt).toBeLessThan(500);
    expect(await line(({ msg }) => msg === 'request')).toMatchObject({
      status: 499,
      method,
      sources: {
        a: { status: 'failed', code: 'cancelled', reason: 'client_left', attempts: 1 },
        b: { status: 'failed', code: 'cancelled', reason: 'client_left', attempts: 1 },
        after: { status: 'skipped', attempts: 0 },
      },
    });
    expect(upstream.seen).toHaveLength(2);
  });
});
