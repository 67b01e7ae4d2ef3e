import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { defineRoute, defineUpstream, type EdgeOptions, Type } from '../../src/index.ts';
import { buildEdge, type Shop } from './edge-setup.ts';
import { plain } from './setup.ts';

const build = async (shop: Shop = { answer: { id: 1 } }, more: EdgeOptions = {}) => {
  const server = await buildEdge({ etag: true, ...more }, { shop });
  const ask = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' = 'GET') =>
    server.inject({ method, url, headers, ...(method === 'POST' ? { payload: {} } : {}) });
  return { server, ask };
};
const hash = (body: string) => `"${createHash('sha256').update(body).digest('base64')}"`;

describe('a complete answer of a GET route', () => {
  test('has a strong tag of its very bytes, which are the same for the same answers', async () => {
    const { ask } = await build();
    const [first, second] = [await ask('/v1/page'), await ask('/v1/page')];
    expect(first.headers).toMatchObject({ etag: hash(first.body), 'cache-control': 'no-cache' });
    expect(second.body).toBe(first.body);
    expect(first.body).toBe(
      '{"data":{"page":{"id":1}},"complete":true,"sources":{"page":{"status":"ok","attempts":1}}}',
    );
    expect(first.headers['server-timing']).toMatch(/^page;dur=[\d.]+;desc="ok"$/);
  });

  test('has another when an answer changes', async () => {
    const shop = { answer: 'before' };
    const { ask } = await build(shop);
    const before = await ask('/v1/page');
    shop.answer = 'after';
    const after = await ask('/v1/page', { 'if-none-match': String(before.headers['etag']) });
    expect(after).toMatchObject({ statusCode: 200, body: expect.stringContaining('after') });
    expect(after.headers['etag']).not.toBe(before.headers['etag']);
  });

  test.each([
    ['its tag', (tag: string) => tag],
    ['its tag, weakened on the way', (tag: string) => `W/${tag}`],
    ['its tag among others', (tag: string) => `"a", W/"b" ,${tag},"c"`],
    ['anything', () => ' * '],
  ])('is not sent again to who has %s', async (_name, toField) => {
    const { ask } = await build();
    const { headers } = await ask('/v1/page');
    const tag = String(headers['etag']);
    const again = await ask('/v1/page', { 'if-none-match': toField(tag) });
    expect(again).toMatchObject({ statusCode: 304, body: '' });
    expect(String(again.headers['etag']).replace('W/', '')).toBe(tag);
    expect(again.headers).toMatchObject({ 'cache-control': 'no-cache', 'x-aggregate-complete': 'true' });
    expect(again.headers).not.toHaveProperty('content-type');
    expect(again.headers).not.toHaveProperty('content-length');
  });

  test.each(['"a"', 'W/"a", "b"', '', 'a', '"', '"*"', `${'"x",'.repeat(1_000)}"y"`])(
    'is sent to who has something else: %s',
    async (field) => {
      const { ask } = await build();
      expect(await ask('/v1/page', { 'if-none-match': field })).toMatchObject({ statusCode: 200 });
    },
  );

  test('without quotes its tag is none', async () => {
    const { ask } = await build();
    const { headers } = await ask('/v1/page');
    const bare = String(headers['etag']).slice(1, -1);
    expect(await ask('/v1/page', { 'if-none-match': bare })).toMatchObject({ statusCode: 200 });
  });

  test('answers HEAD the same way', async () => {
    const { ask } = await build();
    const { headers } = await ask('/v1/page');
    const tag = String(headers['etag']);
    const head = await ask('/v1/page', {}, 'HEAD');
    expect(head).toMatchObject({ statusCode: 200, body: '' });
    expect(head.headers).toMatchObject({ etag: tag, 'content-length': headers['content-length'] });
    expect(await ask('/v1/page', { 'if-none-match': tag }, 'HEAD')).toMatchObject({ statusCode: 304, body: '' });
  });
});

describe('every other answer has no tag, and no condition holds for it', () => {
  test.each([
    ['a partial one', '/v1/partial', 200, 'GET'],
    ['a problem', '/v1/broken', 500, 'GET'],
    ['no answer', '/nope', 404, 'GET'],
    ['one of another method', '/v1/page', 200, 'POST'],
    ['health', '/readyz', 200, 'GET'],
    ['the contract', '/openapi.json', 200, 'GET'],
  ] as const)('%s', async (_name, url, status, method) => {
    const { ask } = await build();
    const answer = await ask(url, {}, method);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers).not.toHaveProperty('etag');
    for (const field of ['*', hash(answer.body)]) {
      expect((await ask(url, { 'if-none-match': field }, method)).statusCode).toBe(status);
    }
  });

  test('a partial one is not to be kept, and says no durations either', async () => {
    const { ask } = await build();
    const { headers, body } = await ask('/v1/partial');
    expect(headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(body).not.toContain('durationMs');
    expect(JSON.parse(body)).toMatchObject({ sources: { end: { status: 'failed', code: 'internal', attempts: 1 } } });
  });

  test('other methods and problems say durations as ever', async () => {
    const { ask } = await build();
    expect((await ask('/v1/page', {}, 'POST')).body).toContain('durationMs');
    expect((await ask('/v1/broken')).body).toContain('durationMs');
  });
});

describe('with compression', () => {
  const shop = { answer: 'many words '.repeat(400) };
  const gzip = { 'accept-encoding': 'gzip' };

  test('what is coded has a weak tag, what is not a strong one, and each is known again', async () => {
    const { ask } = await build(shop, { compression: true });
    const [coded, bare] = [await ask('/v1/page', gzip), await ask('/v1/page')];
    expect(coded.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(coded.headers['etag']).toBe(`W/${bare.headers['etag']}`);
    for (const tag of [coded.headers['etag'], bare.headers['etag']]) {
      const again = await ask('/v1/page', { ...gzip, 'if-none-match': String(tag) });
      expect(again).toMatchObject({ statusCode: 304, body: '' });
      expect(again.headers).toMatchObject({ etag: tag, vary: 'accept-encoding' });
      expect(again.headers).not.toHaveProperty('content-encoding');
    }
  });

  test('a partial answer has no tag either', async () => {
    const { ask } = await build(shop, { compression: true });
    const { headers } = await ask('/v1/partial', gzip);
    expect(headers).toMatchObject({ 'content-encoding': 'gzip' });
    expect(headers).not.toHaveProperty('etag');
  });
});

test('the contract says what may be missing, and 304, only where tags are on', async () => {
  const { ask } = await build();
  const on = (await ask('/openapi.json')).json();
  const off = (await (await buildEdge({})).inject('/openapi.json')).json();
  const requiredOf = (contract: typeof on) => contract.components.schemas.SourceStatus.required;
  expect(requiredOf(on)).not.toContain('durationMs');
  expect(requiredOf(off)).toContain('durationMs');
  expect(Object.keys(on.paths['/v1/page'].get.responses)).toContain('304');
  expect(Object.keys(on.paths['/v1/page'].post.responses)).not.toContain('304');
  expect(Object.keys(off.paths['/v1/page'].get.responses)).not.toContain('304');
});

test('a route cannot let an upstream`s tag through where answers have their own', async () => {
  const upstream = defineUpstream({ name: 'shop', origin: 'http://127.0.0.1:9', policies: [] });
  const provider = upstream.provider({ name: 'a', output: Type.Unknown(), policies: [], run: () => 1 });
  const route = defineRoute({ url: '/v1/a', summary: 'A' });
  const a = route.source(provider, { ...plain, expose: ['ETag'] });
  const routes = [route.merge({ a })];
  await expect(buildEdge({ etag: true }, { routes })).rejects.toThrow('cannot expose the header "etag"');
  await expect(buildEdge({}, { routes })).resolves.toBeTruthy();
});
