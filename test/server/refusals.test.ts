import { describe, expect, test } from 'vitest';
import { defineRoute, Type } from '../../src/index.ts';
import { ask, askRaw, createAsk, json, plain, serve, startUpstream } from './setup.ts';

async function build() {
  const upstream = await startUpstream(json(1));
  const provider = createAsk(upstream.origin);
  const page = defineRoute({ url: '/v1/pages/:id', summary: 'A page' });
  const change = defineRoute({ method: 'PATCH', url: '/v1/pages/:name', summary: 'A page', body: Type.Object({}) });
  const add = defineRoute({ method: 'POST', url: '/v1/pages', summary: 'Pages', body: Type.Object({}) });
  const routes = [
    page.merge({ a: page.source(provider('a'), plain) }),
    change.merge({ a: change.source(provider('a'), plain) }),
    add.merge({ a: add.source(provider('a'), plain) }),
  ];
  return { upstream, ...(await serve({ routes })) };
}

const about = (status: number, title: string) => ({
  type: 'about:blank',
  title,
  status,
  requestId: expect.any(String),
});

describe('a URL that no route has', () => {
  test.each([
    '/',
    '/v1',
    '/v1/pages/a/',
    '/v1/pages/a/b',
    '//v1/pages/a',
    '/V1/pages/a',
    '/v1/../v1/pages',
    '/nope?secret=1',
  ])('is a 404: %s', async (url) => {
    const { origin, line } = await build();
    const { hostname, port } = new URL(origin);
    const text = await askRaw(origin, `GET ${url} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`);

    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(head).toMatch(/\r\ncontent-type: application\/problem\+json/);
    expect(JSON.parse(body)).toEqual(about(404, 'Not Found'));
    expect(await line(({ status }) => status === 404)).not.toHaveProperty('route');
  });
});

describe('a method that a known URL does not have', () => {
  test.each([
    ['PUT', '/v1/pages/a', 'GET, HEAD, PATCH'],
    ['DELETE', '/v1/pages/b', 'GET, HEAD, PATCH'],
    ['TRACE', '/v1/pages/c', 'GET, HEAD, PATCH'],
    ['OPTIONS', '/v1/pages/d', 'GET, HEAD, PATCH'],
    ['QUERY', '/v1/pages/e', 'GET, HEAD, PATCH'],
    ['GET', '/v1/pages', 'POST'],
  ])('is a 405 that says which it has, whatever the body: %s %s', async (method, url, allow) => {
    const { origin, upstream, line } = await build();

    const { status, headers, json: read } = await ask(origin + url, { method, body: 'no JSON' });

    expect(status).toBe(405);
    expect(headers).toMatchObject({ allow, 'content-type': expect.stringMatching(/^application\/problem\+json/) });
    expect(read()).toEqual(about(405, 'Method Not Allowed'));
    expect(upstream.seen).toEqual([]);
    expect(await line(({ msg }) => msg === 'request')).toMatchObject({ method, status: 405 });
  });

  test('as HEAD has no body', async () => {
    const { origin } = await build();
    expect(await ask(`${origin}/v1/pages`, { method: 'HEAD' })).toMatchObject({
      status: 405,
      text: '',
      headers: { allow: 'POST' },
    });
  });
});

describe('a body that cannot be read', () => {
  const post = async (headers: Readonly<Record<string, string>>, body: string) => {
    const { origin, line } = await build();
    const answer = await ask(`${origin}/v1/pages`, { method: 'POST', headers, body });
    const { status, reason, route } = await line(({ msg }) => msg === 'request');
    expect({ status, route }).toEqual({ status: answer.status, route: '/v1/pages' });
    return { status: answer.status, detail: answer.json(), reason };
  };

  test.each([
    ['not JSON', {}, '{"a":', 400, 'the body is not JSON', 'FST_ERR_CTP_INVALID_JSON_BODY'],
    ['a poisoned prototype', {}, '{"__proto__":{"a":1}}', 400, 'the body is not JSON', 'FST_ERR_CTP_INVALID_JSON_BODY'],
    ['empty', {}, '', 400, 'the body is empty', 'FST_ERR_CTP_EMPTY_JSON_BODY'],
    [
      'text',
      { 'content-type': 'text/plain' },
      'x',
      415,
      'the body must be application/json',
      'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    ],
    [
      'a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'a=1',
      415,
      'the body must be application/json',
      'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    ],
    [
      'a malformed type',
      { 'content-type': 'json' },
      '{}',
      415,
      'the body must be application/json',
      'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    ],
    ['encoded', { 'content-encoding': 'gzip' }, '{}', 415, 'the body must not be encoded', undefined],
    ['over 1 MiB', {}, `{"a":"${'x'.repeat(1_048_576)}"}`, 413, 'the body is too large', 'FST_ERR_CTP_BODY_TOO_LARGE'],
  ])('%s', async (_name, headers, body, status, detail, reason) => {
    expect(await post(headers, body)).toMatchObject({ status, detail: { status, detail }, reason });
  });
});

describe('a URL that cannot be read', () => {
  test.each([
    ['/v1/pages/%', 400, 'the URL is not validly encoded'],
    ['/v1/pages/%zz', 400, 'the URL is not validly encoded'],
    ['/v1/pages/%ff', 400, 'the URL is not validly encoded'],
    [`/v1/pages/${'a'.repeat(101)}`, 414, 'a path parameter is too long'],
  ])('%s', async (url, status, detail) => {
    const { origin, line } = await build();
    const answer = await ask(origin + url);
    expect(answer).toMatchObject({ status, headers: { 'x-request-id': expect.any(String) } });
    expect(answer.json()).toMatchObject({ status, detail });
    expect(await line(({ msg }) => msg === 'request')).toMatchObject({ method: 'GET', status });
  });
});
