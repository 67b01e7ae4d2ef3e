import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { defineRoute, defineUpstream, path, retry, standard, Type } from '../../../src/index.ts';
import { serve, startUpstream } from '../../server/setup.ts';
import { defects } from '../report.ts';
import { get, head, post } from './corpus/row.ts';
import { openRaw, type RawClient } from './raw.ts';
import { openStage, probe, type Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ limits: { headerMs: 300, bodyMs: 300, maxPipelined: 1 } });
});
afterAll(() => stage.close());
beforeEach(() => {
  for (const list of [stage.handled, stage.sent, stage.lines]) list.length = 0;
});

async function connect({ port }: { readonly port: number }): Promise<RawClient> {
  const client = await openRaw(port);
  onTestFinished(() => client.end());
  return client;
}

/** The first answer to these bytes. */
async function ask(bytes: string) {
  const client = await connect(stage);
  client.send(bytes);
  await client.answered(1);
  const [answer] = client.answers;
  if (!answer) throw new Error('no answer');
  return answer;
}

describe('errors are problems that repeat nothing of the request', () => {
  const secret = 's3cret';
  const noisy = [`X-${secret}: ${secret}`, `Cookie: a=${secret}`, `Authorization: Bearer ${secret}`];
  const body = (text: string, ...fields: readonly string[]) => post(text, `Content-Length: ${text.length}`, ...fields);
  test.each([
    [400, 'garbage', `${secret}\r\n\r\n`],
    [400, 'a bad Host', `GET /v1/items HTTP/1.1\r\nHost: ${secret}/\r\n\r\n`],
    [400, 'an absolute target', get(`http://${secret}/`)],
    [400, 'a bad query', get(`/v1/items?n=${secret}`, ...noisy)],
    [400, 'a bad query twice', get(`/v1/items?q=${secret}&q=${secret}`, ...noisy)],
    [400, 'a bad parameter', get(`/v1/items/${secret}%00`, ...noisy)],
    [400, 'a bad encoding', get(`/v1/items/${secret}%zz`, ...noisy)],
    [400, 'bad JSON', body(`{"${secret}": ${secret}`, ...noisy)],
    [400, 'the wrong type', body(`{"a": "${secret}"}`, ...noisy)],
    [400, 'a body where none is expected', `${get('/v1/items', `Content-Length: ${secret.length}`)}${secret}`],
    [404, 'an unknown URL', get(`/${secret}?${secret}`, ...noisy)],
    [405, 'a method', head(`DELETE /v1/items?${secret} HTTP/1.1`, ...noisy)],
    [405, 'TRACE', head(`TRACE /v1/items?${secret} HTTP/1.1`, ...noisy)],
    [405, 'CONNECT', head(`CONNECT ${secret}:443 HTTP/1.1`, ...noisy)],
    [408, 'half a head', `GET /${secret} HTTP/1.1\r\nX-${secret}`],
    [408, 'half a body', post(`{"${secret}`, 'Content-Length: 99', ...noisy)],
    [413, 'a large body', body(secret.repeat(200_000), ...noisy)],
    [
      413,
      'a large body in chunks',
      post(`180000\r\n${'s3cret'.repeat(262_144)}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked'),
    ],
    [414, 'a long URL', get(`/${secret.repeat(2_000)}`, ...noisy)],
    [414, 'a long parameter', get(`/v1/items/${secret.repeat(30)}`, ...noisy)],
    [415, 'another type', `${head('POST /v1/items HTTP/1.1', `Content-Type: text/${secret}`, 'Content-Length: 1')}1`],
    [415, 'an encoded body', body('{}', `Content-Encoding: ${secret}`)],
    [417, 'an expectation', get('/v1/items', `Expect: ${secret}`)],
    [431, 'a large field', get('/v1/items', `X-${secret}: ${secret.repeat(3_000)}`)],
    [431, 'many fields', get('/v1/items', ...Array.from({ length: 200 }, () => `X-${secret}: 1`))],
    [501, 'a coding', post('', `Transfer-Encoding: ${secret}, chunked`)],
    [501, 'an unusual method', head(`PROPFIND /${secret} HTTP/1.1`, ...noisy)],
  ])('%i: %s', async (status, _name, bytes) => {
    const answer = await ask(bytes);
    expect(answer).toMatchObject({
      status,
      headers: { 'content-type': expect.stringMatching(/^application\/problem\+json/) },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ status, title: expect.any(String), requestId: expect.any(String) });
    expect(JSON.stringify(answer)).not.toContain(secret);
    expect(JSON.stringify(stage.lines)).not.toContain(secret);
    expect(stage.handled).toEqual([]);
    expect(defects).toEqual([]);
  });

  test('503: one request too many in a row', async () => {
    const client = await connect(stage);
    client.send(get('/v1/slow').repeat(2));
    await stage.slow(1);
    stage.release();
    await client.closed();
    expect(client.answers.map(({ status }) => status)).toEqual([200, 503]);
    expect(JSON.parse(client.answers[1]?.body ?? '')).toMatchObject({ status: 503 });
  });
});

describe('nothing of the client reaches an upstream but what its provider is given', () => {
  const names = ({ headers }: Stage['sent'][number]) => Object.keys(headers).toSorted();
  test.each([
    ['undeclared parameters', get('/v1/items/a?admin=1&q=2')],
    [
      'Cookie and Authorization',
      get('/v1/items/a', 'Cookie: a=b', 'Authorization: Bearer x', 'Proxy-Authorization: x'),
    ],
    [
      'hop-by-hop abuse',
      get('/v1/items/a', 'Connection: traceparent, x-request-id, authorization', 'Authorization: x'),
    ],
    ['X-Forwarded-*', get('/v1/items/a', 'X-Forwarded-For: 1.1.1.1', 'X-Forwarded-Host: evil', 'Forwarded: host=evil')],
    ['another Host', get('/v1/items/a').replace('api.example.com', 'evil.example.com')],
    ['Accept-Encoding and Range', get('/v1/items/a', 'Accept-Encoding: br', 'Range: bytes=0-1', 'If-None-Match: "a"')],
  ])('%s', async (_name, bytes) => {
    await ask(get('/v1/items/a'));
    expect((await ask(bytes)).status).toBe(200);
    const [plain, noisy] = stage.sent;
    if (!plain || !noisy) throw new Error('two requests were sent');
    expect(noisy.url).toBe('/things/a/parts');
    expect(names(noisy)).toEqual(names(plain));
    expect({ ...noisy.headers, traceparent: '', 'x-request-id': '' }).toEqual({
      ...plain.headers,
      traceparent: '',
      'x-request-id': '',
    });
  });
});

describe('what names a request', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const good = `00-${traceId}-00f067aa0ba902b7-01`;

  test.each([
    ['control characters', 'a\x01b', 400],
    ['10 KB', 'a'.repeat(10_240), 200],
    ['129 characters', 'a'.repeat(129), 200],
    ['a space', 'a b', 200],
    ['quotes', '"><script>', 200],
    ['bytes over 127', '\xe4', 200],
    ['nothing', '', 200],
  ])('an x-request-id of %s is replaced', async (_name, value, status) => {
    const answer = await ask(get('/v1/items/a', `x-request-id: ${value}`));
    expect(answer.status).toBe(status);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(stage.lines.map(({ requestId }) => requestId)).toEqual([answer.headers['x-request-id']]);
  });

  test.each([
    'x',
    good.toUpperCase(),
    good.replace('00-', 'ff-'),
    `${good}-more`,
    good.slice(0, -1),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    ` ${good} x`,
    good.repeat(100),
  ])('a bad traceparent is replaced: %s', async (value) => {
    expect((await ask(get('/v1/items/a', `traceparent: ${value}`))).headers['traceparent']).not.toContain(traceId);
    expect(stage.sent[0]?.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  test('good ones stay', async () => {
    const { headers } = await ask(get('/v1/items/a', `traceparent: ${good}`, 'x-request-id: a:b/1'));
    expect(headers).toMatchObject({ 'x-request-id': 'a:b/1', traceparent: expect.stringContaining(traceId) });
    expect(stage.sent[0]?.headers['traceparent']).toContain(traceId);
  });
});

test('who goes away in flight has all upstream work cancelled, is not retried, charges no breaker, and is logged as 499', async () => {
  const upstream = await startUpstream(() => {});
  const shop = defineUpstream({ name: 'shop', origin: upstream.origin, policies: standard().upstream });
  const provider = (name: string) =>
    shop.provider({
      name,
      output: Type.Unknown(),
      request: () => ({ path: path`/${name}` }),
      policies: [retry({ attempts: 3 })],
    });
  const route = defineRoute({ url: '/v1/page', summary: 'x', deadline: 8_000 });
  const [a, b] = [provider('a'), provider('b')].map((each) => route.source(each, { input: () => null }));
  if (!a || !b) throw new Error('two sources');
  const { origin, line } = await serve({ routes: [route.merge({ a, b })] });

  for (let i = 1; i <= 10; i += 1) {
    const client = await connect({ port: Number(new URL(origin).port) });
    client.send(get('/v1/page'));
    await upstream.arrived(2 * i);
    const leftAt = performance.now();
    client.socket.resetAndDestroy();
    const gone = await Promise.all(upstream.seen.slice(-2).map(({ left }) => left));
    expect(Math.max(...gone) - leftAt).toBeLessThan(500);
  }

  expect(await line(({ status }) => status === 499)).toMatchObject({
    sources: { a: { code: 'cancelled', attempts: 1 } },
  });
  expect(upstream.seen).toHaveLength(20);
  const ready = await fetch(`${origin}/readyz?verbose`);
  expect(await ready.json()).toMatchObject({ upstreams: { shop: { circuit: 'closed', inFlight: 0 } } });
});

test('a head of countless short fields is refused before it costs more than its bytes', async () => {
  const client = await connect(stage);
  const startedAt = performance.now();
  client.send(`GET / HTTP/1.1\r\nHost: a\r\n${'a:\r\n'.repeat(1_000_000)}`);
  expect(await client.closed()).toBe(true);
  expect(client.answers.map(({ status }) => status)).toEqual([431]);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

describe('a request that cannot be read to its end', () => {
  const chunks = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];
  const add = head('POST /v1/items HTTP/1.1', ...chunks);
  test.each<[string, readonly string[], number[]]>([
    ['gets one answer', [`${add}1\r\n{\r\n`, 'zz\r\n'], [400]],
    ['gets one answer, though it is refused first', [head('PUT /v1/items HTTP/1.1', ...chunks), 'zz\r\n'], [405]],
    ['gets one answer, though it is refused first and slow', [head('PUT /v1/items HTTP/1.1', ...chunks)], [405]],
    ['gets one answer, as the last that is taken', [get('/livez') + add, 'zz\r\n'], [200, 400]],
    ['gets one answer, as the last that is taken, and slow', [get('/livez') + add], [200, 408]],
    [
      'gets one answer, as an upgrade, where Node keeps the mistake to itself',
      [head('POST /v1/items HTTP/1.1', ...chunks, 'Upgrade: x', 'Connection: upgrade'), 'zz\r\n'],
      [408],
    ],
    ['gets its answer behind the one before', [get('/v1/items') + add, 'zz\r\n'], [200, 400]],
  ])('%s', async (_name, pieces, statuses) => {
    const small = await openStage({ limits: { headerMs: 200, bodyMs: 200, maxRequestsPerConnection: 2 } });
    onTestFinished(() => small.close());
    const client = await connect(small);
    for (const piece of pieces) {
      client.send(piece);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(await client.closed()).toBe(true);
    expect(client.answers.map(({ status }) => status)).toEqual(statuses);
    expect(client.rest()).toBe('');
  });
});

describe('a server that is told to stop', () => {
  test.each([
    ['half a head', 'GET /v1/items HTTP/1.1\r\nHo', [408]],
    ['half a head behind a request', `${probe}GET /v1/items HTTP/1.1\r\nHo`, [200, 408]],
    ['half a body', post('{"a"', 'Content-Length: 30'), [408]],
    ['nothing but an empty line', '\r\n', [408]],
  ])('does not wait longer than else for %s', async (_name, bytes, statuses) => {
    const stopped = await openStage({ limits: { headerMs: 400, bodyMs: 400 } });
    onTestFinished(() => stopped.close());
    const client = await connect(stopped);
    client.send(bytes);
    await client.answered(statuses.length - 1);
    await expect.poll(() => stopped.connections()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));

    const stoppedAt = performance.now();
    await stopped.drain();

    expect(performance.now() - stoppedAt).toBeLessThan(2_500);
    expect(await client.closed()).toBe(true);
    expect(client.answers.map(({ status }) => status)).toEqual(statuses);
  });
});

test('the same requests, when all of it is over, are fine', async () => {
  expect((await ask(get('/v1/items/a'))).status).toBe(200);
  expect(defects).toEqual([]);
});
