import { describe, expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { DefinitionError, type EdgeOptions } from '../../src/index.ts';
import { buildEdge, createRoutes } from './edge-setup.ts';

const everything: EdgeOptions = {
  cors: { origins: ['https://a.example'] },
  securityHeaders: true,
  compression: true,
  etag: true,
  rateLimit: { max: 100, windowMs: 60_000 },
  trustedProxies: ['10.0.0.0/8'],
};

/** Hooks of a route as Fastify prints them, `name of the hook` by URL. */
const hooksOf = (printed: string, url: string): readonly string[] => {
  const lines = printed.split('\n');
  const at = lines.findIndex((line) => line.includes(`${url} (GET`)) + 1;
  const end = lines.findIndex((line, index) => index >= at && !line.includes('• '));
  return lines.slice(at, end).flatMap((line) => /• \((\w+)\)/.exec(line)?.[1] ?? []);
};
const print = { includeHooks: true, commonPrefix: false };

describe('with everything off', () => {
  test.each([
    ['nothing said', {}],
    ['all of it said to be off', { securityHeaders: false, compression: false, etag: false, trustedProxies: [] }],
  ])('no route has a hook: %s', async (_name, edge) => {
    const server = await buildEdge(edge);
    const printed = server.printRoutes(print);
    for (const url of ['/v1/page', '/v1/partial', '/livez', '/openapi.json']) expect(hooksOf(printed, url)).toEqual([]);
  });

  test('no plugin is there, and nothing but the answer`s own headers', async () => {
    const server = await buildEdge({});
    for (const name of ['cors', 'helmet', 'compress', 'etag', 'rate-limit'])
      expect(server.hasPlugin(`@fastify/${name}`)).toBe(false);
    const { headers } = await server.inject({
      url: '/v1/page',
      headers: { origin: 'https://a.example', 'accept-encoding': 'gzip', 'x-forwarded-for': '1.2.3.4' },
    });
    expect(Object.keys(headers).sort()).toEqual([
      'connection',
      'content-length',
      'content-type',
      'date',
      'server-timing',
      'traceparent',
      'x-aggregate-complete',
      'x-request-id',
    ]);
  });

  test('while with everything on the same look finds hooks', async () => {
    const server = await buildEdge(everything);
    expect(new Set(hooksOf(server.printRoutes(print), '/v1/page'))).toEqual(new Set(['onRequest', 'onSend']));
  });
});

describe('with everything on', () => {
  test('a page gets all of it on one answer', async () => {
    const server = await buildEdge(everything, { shop: { answer: 'long '.repeat(1_000) } });
    const { statusCode, headers } = await server.inject({
      url: '/v1/page',
      headers: { origin: 'https://a.example', 'accept-encoding': 'gzip, br' },
    });
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'content-encoding': 'gzip',
      'content-security-policy': expect.any(String),
      etag: expect.stringMatching(/^W\/"/),
      vary: 'Origin, accept-encoding',
      'x-ratelimit-limit': '100',
      'x-aggregate-complete': 'true',
    });
  });

  test.each(['/docs/', '/openapi.json', '/livez', '/readyz'])('%s is still served', async (url) => {
    const server = await buildEdge(everything);
    expect(await server.inject(url)).toMatchObject({ statusCode: 200 });
  });

  test('problems are still problems', async () => {
    const server = await buildEdge(everything);
    for (const [url, status] of [
      ['/nope', 404],
      ['/v1/broken', 500],
    ] as const) {
      const answer = await server.inject({ url, headers: { origin: 'https://a.example' } });
      expect(answer).toMatchObject({ statusCode: status });
      expect(answer.headers).toMatchObject({
        'content-type': 'application/problem+json; charset=utf-8',
        'access-control-allow-origin': 'https://a.example',
      });
      expect(answer.headers).not.toHaveProperty('etag');
    }
  });
});

describe('an option that cannot work is named', () => {
  test.each<[string, unknown, string]>([
    ['a name', { etags: true }, 'edge.etags is not a known option'],
    ['a name within', { cors: { origins: ['https://a'], origin: '*' } }, 'edge.cors.origin is not a known option'],
    ['a flag', { etag: 'yes' }, 'edge.etag must be boolean'],
    ['no options', null, 'edge must be object'],
    ['no origins', { cors: { origins: [] } }, 'edge.cors.origins must not have fewer than 1 items'],
    ['any origin', { cors: { origins: ['*'], credentials: true } }, 'edge.cors.origins are exact'],
    ['a wildcard', { cors: { origins: ['https://*.example'] } }, 'edge.cors.origins are exact'],
    ['null as origin', { cors: { origins: ['null'] } }, 'edge.cors.origins: the origin is'],
    ['a URL', { cors: { origins: ['https://a.example/x'] } }, 'edge.cors.origins: the origin is'],
    ['no requests', { rateLimit: { max: 0, windowMs: 1 } }, 'edge.rateLimit.max must be'],
    ['no time', { rateLimit: { max: 1 } }, 'edge.rateLimit must have required properties windowMs'],
    [
      'a header',
      { rateLimit: { max: 1, windowMs: 1, header: 'x y' } },
      'edge.rateLimit.header is the name of a header',
    ],
    ...['everybody', '10.0.0.0/33', '10.0.0.0/0', '::/0', '::1/129', '10.0.0.0/8/8', '', 'loopback'].map(
      (proxy): [string, unknown, string] => [
        `${proxy} as proxy`,
        { trustedProxies: [proxy] },
        'edge.trustedProxies are addresses or networks',
      ],
    ),
  ])('%s', async (_name, edge, message) => {
    // What plain JavaScript can give.
    const built = buildApp({ routes: createRoutes({ answer: 1 }), edge: edge as EdgeOptions });
    await expect(built).rejects.toThrow(DefinitionError);
    await expect(built).rejects.toThrow(message);
  });
});
