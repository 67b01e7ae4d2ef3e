import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { defineRoute, Type } from '../../src/index.ts';
import { ask, askRaw, createAsk, json, plain, type Served, serve, startUpstream } from './setup.ts';

async function build(): Promise<Served> {
  const upstream = await startUpstream(json(1));
  const page = defineRoute({ url: '/v1/page', summary: 'A page' });
  const post = defineRoute({ method: 'POST', url: '/v1/page', summary: 'A page', body: Type.Object({}) });
  const provider = createAsk(upstream.origin);
  const a = page.source(provider('a'), plain);
  const b = post.source(provider('a'), plain);
  return serve({ routes: [page.merge({ a }), post.merge({ b })] });
}

const host = 'Host: api.example.com\r\n';
const body = (length: string) => `POST /v1/page HTTP/1.1\r\n${host}Content-Type: application/json\r\n${length}\r\n\r\n`;

describe('what is no request that Confluo takes is answered with a problem, closed, and logged once', () => {
  test.each([
    ['garbage', 'garbage\r\n\r\n', 400, 'HPE_INVALID_METHOD'],
    ['TLS on a plain port', '\x16\x03\x01\x02\x00\x01\x00\x01', 400, 'HPE_INVALID_METHOD'],
    ['a bare line feed', `GET /v1/page HTTP/1.1\n${host}\r\n`, 400, /^HPE_/],
    ['a folded header', `GET /v1/page HTTP/1.1\r\n${host}a: b\r\n c\r\n\r\n`, 400, /^HPE_/],
    ['NUL in a header', `GET /v1/page HTTP/1.1\r\n${host}a: b\0c\r\n\r\n`, 400, 'HPE_INVALID_HEADER_TOKEN'],
    [
      'a length and chunks',
      body('Content-Length: 2\r\nTransfer-Encoding: chunked'),
      400,
      'HPE_INVALID_TRANSFER_ENCODING',
    ],
    ['two lengths', body('Content-Length: 2\r\nContent-Length: 3'), 400, 'HPE_UNEXPECTED_CONTENT_LENGTH'],
    ['a signed length', body('Content-Length: +2'), 400, 'HPE_INVALID_CONTENT_LENGTH'],
    ['a head over 16 KiB', `GET /v1/page HTTP/1.1\r\n${host}a: ${'b'.repeat(17_000)}\r\n\r\n`, 431, undefined],
    [
      'a head that does not end',
      `GET /v1/page HTTP/1.1\r\n${host}a: ${'b'.repeat(30_000)}`,
      431,
      'HPE_HEADER_OVERFLOW',
    ],
    ['a target that does not end', `GET /${'a'.repeat(30_000)}`, 414, 'HPE_HEADER_OVERFLOW'],
    ['over 100 header fields', `GET /v1/page HTTP/1.1\r\n${host}${'a: b\r\n'.repeat(100)}\r\n`, 431, undefined],
    ['a target over 8 KiB', `GET /v1/page?${'a'.repeat(8_192)} HTTP/1.1\r\n${host}\r\n`, 414, undefined],
    ['no Host', 'GET /v1/page HTTP/1.1\r\n\r\n', 400, undefined],
    ['two Hosts', `GET /v1/page HTTP/1.1\r\n${host}${host}\r\n`, 400, undefined],
    ['two Hosts in different letters', `GET /v1/page HTTP/1.1\r\n${host}hOST: x\r\n\r\n`, 400, undefined],
    ['a Host with a space', 'GET /v1/page HTTP/1.1\r\nHost: a b\r\n\r\n', 400, undefined],
    ['a Host with a path', 'GET /v1/page HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, undefined],
    ['a Host with a user', 'GET /v1/page HTTP/1.1\r\nHost: a@b\r\n\r\n', 400, undefined],
    ['an absolute target', `GET http://api.example.com/v1/page HTTP/1.1\r\n${host}\r\n`, 400, undefined],
    ['an asterisk', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 400, undefined],
    ['HTTP/0.9', 'GET /v1/page\r\n\r\n', 400, undefined],
    ['HTTP/2.0 in the request line', `GET /v1/page HTTP/2.0\r\n${host}\r\n`, 400, undefined],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, /^HPE_/],
    ['CONNECT', `CONNECT api.example.com:443 HTTP/1.1\r\n${host}\r\n`, 405, undefined],
    ['an unknown expectation', `GET /v1/page HTTP/1.1\r\n${host}Expect: x\r\n\r\n`, 417, undefined],
  ])('%s', async (_name, bytes, status, reason) => {
    const { origin, lines } = await build();

    const text = await askRaw(origin, bytes);

    const [head = '', problem = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/\r\ncontent-type: application\/problem\+json/i);
    expect(head).toMatch(/\r\nconnection: close(\r\n|$)/i);
    expect(JSON.parse(problem)).toEqual({
      type: 'about:blank',
      title: expect.any(String),
      status,
      requestId: expect.any(String),
    });
    expect(lines).toHaveLength(1);
    const [line] = lines;
    expect(line).toMatchObject({ msg: 'request', status });
    if (reason) expect(line?.['reason']).toMatch(reason);
    else expect(line).not.toHaveProperty('reason');
  });
});

describe('what is unusual, and taken', () => {
  test.each([
    ['HTTP/1.0 without Host', 'GET /v1/page HTTP/1.0\r\n\r\n'],
    ['an empty Host', 'GET /v1/page HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
    ['an address as Host', 'GET /v1/page HTTP/1.1\r\nHost: [::1]:3000\r\nConnection: close\r\n\r\n'],
    ['99 more header fields', `GET /v1/page HTTP/1.1\r\n${host}Connection: close\r\n${'a: b\r\n'.repeat(98)}\r\n`],
    [
      'an upgrade to what is not spoken',
      `GET /v1/page HTTP/1.1\r\n${host}Connection: upgrade, close\r\nUpgrade: h2c\r\n\r\n`,
    ],
  ])('%s', async (_name, bytes) => {
    const { origin } = await build();
    expect(await askRaw(origin, bytes)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});

test('a client that leaves half-way through its body is logged once, as 499, and no source is called', async () => {
  const { origin, lines, line } = await build();
  const socket = connect({ port: Number(new URL(origin).port), host: '127.0.0.1' });
  socket.write(body('Content-Length: 30').concat('{"a":'), () => setTimeout(() => socket.resetAndDestroy(), 50));

  expect(await line(({ msg }) => msg === 'request')).toMatchObject({ status: 499, method: 'POST', route: '/v1/page' });
  expect((await ask(`${origin}/v1/page`)).status).toBe(200);
  expect(lines.map(({ status }) => status)).toEqual([499, 200]);
});

test('a client whose body turns out to be garbage is logged once', async () => {
  const { origin, lines } = await build();
  const text = await askRaw(origin, `${body('Transfer-Encoding: chunked')}5\r\n{"a":\r\nzz\r\n`);
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect((await ask(`${origin}/v1/page`)).status).toBe(200);
  expect(lines).toMatchObject([{ status: 400, reason: 'HPE_INVALID_CHUNK_SIZE' }, { status: 200 }]);
});

test('a connection that is reset before it said anything is nobody`s line', async () => {
  const { origin, lines } = await build();
  const socket = connect({ port: Number(new URL(origin).port), host: '127.0.0.1' });
  await new Promise<void>((resolve) => {
    socket.on('close', () => resolve()).on('connect', () => socket.resetAndDestroy());
  });
  expect((await ask(`${origin}/v1/page`)).status).toBe(200);
  expect(lines.map(({ status }) => status)).toEqual([200]);
});

test.each([
  ['CONNECT', `CONNECT api.example.com:443 HTTP/1.1\r\n${host}\r\n`],
  ['garbage', 'garbage\r\n\r\n'],
  ['no Host', 'GET /v1/page HTTP/1.1\r\n\r\n'],
  ['a request', `GET /v1/page HTTP/1.1\r\n${host}\r\n`],
])('a client that resets its connection right behind %s harms nobody', async (_name, bytes) => {
  const { origin } = await build();
  for (let i = 0; i < 20; i += 1) {
    const socket = connect({ port: Number(new URL(origin).port), host: '127.0.0.1' });
    await new Promise<void>((resolve) => {
      socket.on('close', () => resolve()).on('error', () => {});
      socket.write(bytes, () => (i % 2 ? setImmediate(() => socket.resetAndDestroy()) : socket.resetAndDestroy()));
    });
  }
  expect((await ask(`${origin}/v1/page`)).status).toBe(200);
});
