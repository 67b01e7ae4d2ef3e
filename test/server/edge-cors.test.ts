import { describe, expect, test } from 'vitest';
import { buildEdge } from './edge-setup.ts';

const page = 'https://app.example.com';
const other = 'https://evil.example';
const cors = { origins: [page, 'http://localhost:5173/'] };

/** Everything an answer says about CORS. */
const corsOf = (headers: object) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

describe('a page of a listed origin', () => {
  test.each([page, 'http://localhost:5173'])('may read the answer and its headers: %s', async (origin) => {
    const server = await buildEdge({ cors });
    const { statusCode, headers } = await server.inject({ url: '/v1/page', headers: { origin } });
    expect(statusCode).toBe(200);
    expect(corsOf(headers)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-expose-headers':
        'etag, preference-applied, retry-after, server-timing, traceparent, x-aggregate-complete, x-request-id',
    });
    expect(headers.vary).toBe('Origin');
  });

  test('may read why it was refused', async () => {
    const server = await buildEdge({ cors, rateLimit: { max: 1, windowMs: 60_000 } });
    const ask = (url: string) => server.inject({ url, headers: { origin: page } });
    const answers = [await ask('/v1/broken'), await ask('/v1/broken'), await ask('/nope')];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([500, 429, 404]);
    for (const { headers } of answers) expect(headers).toMatchObject({ 'access-control-allow-origin': page });
  });

  test('is told what it may send before it sends it, which does not count as a request', async () => {
    const server = await buildEdge({ cors, rateLimit: { max: 1, windowMs: 60_000 } });
    const headers = {
      origin: page,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,authorization',
    };
    for (let i = 0; i < 3; i += 1) {
      const answer = await server.inject({ method: 'OPTIONS', url: '/v1/page', headers });
      expect(answer).toMatchObject({ statusCode: 204, body: '' });
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': page,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': 'content-type,authorization',
        'access-control-max-age': '600',
        vary: 'Origin, Access-Control-Request-Headers',
      });
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    }
  });

  test('sends cookies only where that is said', async () => {
    const server = await buildEdge({ cors: { ...cors, credentials: true } });
    const known = await server.inject({ url: '/v1/page', headers: { origin: page } });
    expect(known.headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-credentials': 'true',
    });
    const unknown = await server.inject({ url: '/v1/page', headers: { origin: other } });
    expect(corsOf(unknown.headers)).toEqual({});
  });
});

describe('a page of any other origin', () => {
  test.each([
    other,
    'null',
    '*',
    'https://app.example.com.evil.example',
    'https://evil.example/https://app.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://APP.example.com',
    'https://x.app.example.com',
    `${page}, ${other}`,
    'constructor',
  ])('is told nothing: %s', async (origin) => {
    const server = await buildEdge({ cors });
    const { statusCode, headers, body } = await server.inject({ url: '/v1/page', headers: { origin } });
    expect(statusCode).toBe(200);
    expect(corsOf(headers)).toEqual({});
    expect(headers.vary).toBe('Origin');
    expect(JSON.stringify(headers) + body).not.toContain(origin === '*' ? '"*"' : origin);
  });

  test.each([
    ['/v1/page', 405],
    ['/nope', 404],
  ])('gets no preflight: %s', async (url, status) => {
    const server = await buildEdge({ cors });
    const headers = { origin: other, 'access-control-request-method': 'POST' };
    const answer = await server.inject({ method: 'OPTIONS', url, headers });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ status });
    expect(corsOf(answer.headers)).toEqual({});
  });
});

test('whoever is no page is answered as ever, and caches are told that pages are not', async () => {
  const server = await buildEdge({ cors });
  const { statusCode, headers } = await server.inject('/v1/page');
  expect(statusCode).toBe(200);
  expect(corsOf(headers)).toEqual({});
  expect(headers.vary).toBe('Origin');
});
