import { describe, expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { defineRoute, type Route } from '../../src/index.ts';
import { ask, createAsk, hang, json, plain, serve, startUpstream } from './setup.ts';

const draft = () => defineRoute({ url: '/v1/page', summary: 'A page' });

/** A route whose sources expose these names. */
function expose(origin: string, names: Readonly<Record<string, readonly string[]>>): Route {
  const provider = createAsk(origin);
  const route = draft();
  const sources = Object.entries(names).map(
    ([name, list]) => [name, route.source(provider(name), { ...plain, optional: true, expose: list })] as const,
  );
  return route.merge(Object.fromEntries(sources));
}

const everything = {
  etag: '"1"',
  location: 'http://127.0.0.1/',
  'set-cookie': ['a=1', 'b=2'],
  'access-control-allow-origin': '*',
  'content-security-policy': "default-src 'none'",
  'cache-control': 'max-age=60',
  'x-request-id': 'of-the-upstream',
  'x-powered-by': 'secret',
  warning: ['1', '2'],
};

describe('headers of an upstream', () => {
  test('do not reach the client by themselves', async () => {
    const upstream = await startUpstream(json(1, everything));
    const { origin } = await serve({ routes: [expose(upstream.origin, { a: [] })] });

    const { headers } = await ask(`${origin}/v1/page`);

    const own = [
      'connection',
      'content-length',
      'content-type',
      'date',
      'server-timing',
      'traceparent',
      'x-aggregate-complete',
      'x-request-id',
    ];
    expect(Object.keys(headers).sort()).toEqual(own);
    expect(headers['x-request-id']).not.toBe('of-the-upstream');
  });

  test('reach it where the route names them, in any letters, and only those of sources that answered', async () => {
    const upstream = await startUpstream({
      '/a': json(1, everything),
      '/b': json(1, { 'x-b': 'b' }, 500),
      '/c': json(1),
    });
    const names = { a: ['ETag', 'set-cookie', 'Warning'], b: ['x-b'], c: ['x-c'] };
    const { origin } = await serve({ routes: [expose(upstream.origin, names)] });

    const { headers } = await ask(`${origin}/v1/page`);

    expect(headers).toMatchObject({
      etag: '"1"',
      'set-cookie': ['a=1', 'b=2'],
      warning: '1, 2',
      'cache-control': 'no-store',
    });
    for (const name of ['x-b', 'x-c', 'location', 'x-powered-by']) expect(headers).not.toHaveProperty(name);
  });

  test('do not reach it with a problem', async () => {
    const upstream = await startUpstream({ '/a': json(1, everything), '/b': hang });
    const provider = createAsk(upstream.origin);
    const route = defineRoute({ url: '/v1/page', summary: 'A page', deadline: 100 });
    const a = route.source(provider('a'), { ...plain, expose: ['etag'] });
    const b = route.source(provider('b'), plain);
    const { origin } = await serve({ routes: [route.merge({ a, b })] });

    const { status, headers } = await ask(`${origin}/v1/page`);

    expect(status).toBe(504);
    expect(headers).not.toHaveProperty('etag');
  });
});

describe('at start-up it is an error to expose', () => {
  const origin = 'http://127.0.0.1:9';
  const where = 'route GET /v1/page: source';
  test.each([
    ['one name from two sources', { a: ['etag'], b: ['ETag'] }, `${where} "b" and "a" expose the same header "etag"`],
    ['one name twice', { a: ['etag', 'etag'] }, `${where} "a" and "a" expose the same header "etag"`],
    [
      'what belongs to the connection',
      { a: ['Transfer-Encoding'] },
      `${where} "a" cannot expose the header "transfer-encoding"`,
    ],
    ['what belongs to the answer', { a: ['cache-control'] }, `${where} "a" cannot expose the header "cache-control"`],
    ['what is no name', { a: ['x y'] }, `${where} "a" cannot expose the header "x y"`],
    ['nothing', { a: [''] }, `${where} "a" cannot expose the header ""`],
  ])('%s', async (_name, names, message) => {
    await expect(buildApp({ routes: [expose(origin, names)] })).rejects.toThrow(message);
  });
});
