import { describe, expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { defineRoute, Type } from '../../src/index.ts';
import { ask, createAsk, json, serve, startUpstream } from './setup.ts';

/** A route with all four parts, that keeps what its source's input sees. */
async function build(reply = json(1)) {
  const upstream = await startUpstream(reply);
  const seen: unknown[] = [];
  const route = defineRoute({
    method: 'POST',
    url: '/v1/things/:id',
    summary: 'Things',
    params: Type.Object({ id: Type.String({ pattern: '^[a-z]{1,5}$' }) }),
    query: Type.Object({
      page: Type.Integer({ minimum: 1, default: 1 }),
      full: Type.Optional(Type.Boolean()),
      tags: Type.Optional(Type.Array(Type.String({ maxLength: 4 }))),
    }),
    headers: Type.Object({ 'x-tenant': Type.Optional(Type.String({ maxLength: 8 })) }),
    body: Type.Object({
      name: Type.String({ minLength: 1 }),
      sizes: Type.Optional(Type.Array(Type.Integer())),
      at: Type.Optional(Type.Object({ x: Type.Number() })),
      day: Type.Optional(Type.String({ format: 'date' })),
    }),
  });
  const a = route.source(createAsk(upstream.origin)('a'), {
    input: (incoming) => seen.push(structuredClone(incoming)),
  });
  const { origin, lines } = await serve({ routes: [route.merge({ a })] });
  return { origin, lines, seen, upstream };
}

describe('what the route`s functions see', () => {
  test('is what the schemas declare, and of text in its types', async () => {
    const { origin, seen } = await build();
    const url = `${origin}/v1/things/chair?page=3&full=true&tags=a&tags=b&undeclared=1&__proto__=2`;
    const headers = {
      'x-tenant': 'acme',
      authorization: 'Bearer secret',
      cookie: 'a=b',
      'x-forwarded-for': '10.0.0.1',
    };

    const { status } = await ask(url, {
      method: 'POST',
      headers,
      body: { name: 'x', at: { x: 1.5, y: 2 }, admin: true },
    });

    expect(status).toBe(200);
    expect(seen).toEqual([
      {
        params: { id: 'chair' },
        query: { page: 3, full: true, tags: ['a', 'b'] },
        headers: { 'x-tenant': 'acme' },
        body: { name: 'x', at: { x: 1.5 } },
      },
    ]);
  });

  test('has the defaults, and a list of one where one was given', async () => {
    const { origin, seen } = await build();
    await ask(`${origin}/v1/things/chair?tags=a`, { method: 'POST', body: { name: 'x' } });
    expect(seen).toMatchObject([{ query: { page: 1, tags: ['a'] }, headers: { 'x-tenant': undefined } }]);
  });

  test('is nothing where nothing is declared', async () => {
    const upstream = await startUpstream(json(1));
    const seen: unknown[] = [];
    const route = defineRoute({ url: '/v1/things/:id', summary: 'Things' });
    const a = route.source(createAsk(upstream.origin)('a'), { input: (incoming) => seen.push(incoming) });
    const { origin } = await serve({ routes: [route.merge({ a })] });

    await ask(`${origin}/v1/things/chair?page=3`, { headers: { authorization: 'Bearer secret' } });

    expect(seen).toEqual([{ params: {}, query: {}, headers: {}, body: {} }]);
  });

  test('does not reach the upstream by itself', async () => {
    const { origin, upstream } = await build();
    const headers = {
      authorization: 'Bearer secret',
      cookie: 'a=b',
      'x-tenant': 'acme',
      'user-agent': 'curl',
      'accept-language': 'de',
    };

    await ask(`${origin}/v1/things/chair?page=3`, { method: 'POST', headers, body: { name: 'x' } });

    const [sent] = upstream.seen;
    expect(sent).toMatchObject({ method: 'GET', url: '/a', body: '' });
    expect(Object.keys(sent?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'traceparent',
    ]);
  });
});

describe('a request that is not valid is a 400 that points at what is wrong', () => {
  const valid = { name: 'x' };
  test.each([
    ['a parameter', '/v1/things/CHAIR', {}, valid, [{ in: 'path', pointer: '/id' }]],
    ['a control character', '/v1/things/a%0d%0ab', {}, valid, [{ in: 'path', detail: 'must be one path segment' }]],
    ['an encoded slash', '/v1/things/a%2fb', {}, valid, [{ in: 'path', pointer: '/id' }]],
    ['a query value', '/v1/things/chair?page=0', {}, valid, [{ in: 'query', pointer: '/page' }]],
    ['a query value of the wrong type', '/v1/things/chair?page=one', {}, valid, [{ in: 'query', pointer: '/page' }]],
    ['an empty query value', '/v1/things/chair?full=', {}, valid, [{ in: 'query', pointer: '/full' }]],
    ['a second query value', '/v1/things/chair?page=1&page=2', {}, valid, [{ in: 'query', pointer: '/page' }]],
    ['an item of a list', '/v1/things/chair?tags=a&tags=abcde', {}, valid, [{ in: 'query', pointer: '/tags/1' }]],
    ['a header', '/v1/things/chair', { 'x-tenant': '123456789' }, valid, [{ in: 'header', pointer: '/x-tenant' }]],
    [
      'a missing field',
      '/v1/things/chair',
      {},
      {},
      [{ in: 'body', pointer: '', detail: expect.stringContaining('name') }],
    ],
    ['a field that would have to be coerced', '/v1/things/chair', {}, { name: 5 }, [{ in: 'body', pointer: '/name' }]],
    [
      'a scalar in place of a list',
      '/v1/things/chair',
      {},
      { ...valid, sizes: 1 },
      [{ in: 'body', pointer: '/sizes' }],
    ],
    ['a format', '/v1/things/chair', {}, { ...valid, day: '2026-02-30' }, [{ in: 'body', pointer: '/day' }]],
    [
      'several fields',
      '/v1/things/chair',
      {},
      { name: '', sizes: [1, 'a', null] },
      [
        { in: 'body', pointer: '/name' },
        { in: 'body', pointer: '/sizes/1' },
        { in: 'body', pointer: '/sizes/2' },
      ],
    ],
    ['a list', '/v1/things/chair', {}, [], [{ in: 'body', pointer: '' }]],
    ['null', '/v1/things/chair', {}, 'null', [{ in: 'body', pointer: '' }]],
    ['no body', '/v1/things/chair', {}, undefined, [{ in: 'body', pointer: '' }]],
  ])('%s', async (_name, url, headers, body, errors) => {
    const { origin, seen, upstream } = await build();

    const answer = await ask(origin + url, { method: 'POST', headers, body });

    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    const problem = {
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      requestId: answer.headers['x-request-id'],
    };
    expect(answer.json()).toMatchObject({ ...problem, errors });
    expect(seen).toEqual([]);
    expect(upstream.seen).toEqual([]);
  });

  test('lists twenty at most', async () => {
    const { origin } = await build();
    const { json: read } = await ask(`${origin}/v1/things/chair`, {
      method: 'POST',
      body: { name: 'x', sizes: Array(50).fill('') },
    });
    expect(read()).toMatchObject({ errors: { length: 20 } });
  });

  test('never repeats what the client sent', async () => {
    const { origin, lines } = await build();
    const mark = 'zzqqzz';
    const answers = await Promise.all([
      ask(`${origin}/v1/things/${mark}`, { method: 'POST', body: valid }),
      ask(`${origin}/v1/things/chair?page=${mark}&${mark}=1`, { method: 'POST', body: valid }),
      ask(`${origin}/v1/things/chair`, { method: 'POST', headers: { 'x-tenant': `${mark}xxx` }, body: valid }),
      ask(`${origin}/v1/things/chair`, { method: 'POST', body: { sizes: [mark], day: mark, [mark]: 1 } }),
      ask(`${origin}/v1/things/chair`, { method: 'POST', body: `{"name":"${mark}"` }),
      ask(`${origin}/v1/things/chair`, { method: 'POST', headers: { 'content-type': mark }, body: valid }),
      ask(`${origin}/v1/things/%zz${mark}`, { method: 'POST', body: valid }),
      ask(`${origin}/v1/things/${mark.repeat(20)}`, { method: 'POST', body: valid }),
      ask(`${origin}/${mark}?${mark}`, { method: 'PUT', headers: { [mark]: mark }, body: mark }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 415, 400, 414, 404]);
    expect(answers.filter(({ text }) => text.includes(mark))).toEqual([]);
    expect(JSON.stringify(lines)).not.toContain(mark);
  });
});

describe('a body', () => {
  test.each([
    ['on GET', 'GET'],
    ['on POST', 'POST'],
    ['on DELETE', 'DELETE'],
  ] as const)('is refused where none is declared: %s', async (_name, method) => {
    const upstream = await startUpstream(json(1));
    const route = defineRoute({ method, url: '/v1/page', summary: 'A page' });
    const a = route.source(createAsk(upstream.origin)('a'), { input: () => null });
    const { origin } = await serve({ routes: [route.merge({ a })] });

    const refused = await ask(`${origin}/v1/page`, { method, body: {} });
    const empty = await ask(`${origin}/v1/page`, { method, headers: { 'content-length': '0' } });

    expect(refused).toMatchObject({ status: 400 });
    expect(refused.json()).toMatchObject({ detail: 'no body is expected here' });
    expect(empty).toMatchObject({ status: 200 });
    expect(upstream.seen).toHaveLength(1);
  });
});

test('a header that is not declared in lower case is an error at start-up', async () => {
  const route = defineRoute({
    url: '/v1/page',
    summary: 'A page',
    headers: Type.Object({ 'Accept-Language': Type.String() }),
  });
  const a = route.source(createAsk('http://127.0.0.1:9')('a'), { input: () => null });
  await expect(buildApp({ routes: [route.merge({ a })] })).rejects.toThrow(
    'route GET /v1/page: the header "Accept-Language" is declared in lower case',
  );
});
