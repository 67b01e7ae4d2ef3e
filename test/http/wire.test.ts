import { describe, expect, test } from 'vitest';
import { answer, byteByByte, end, flood, json, onRequest, raw } from '../faults/behaviours.ts';
import { createAuthority, overTls } from '../faults/tls.ts';
import { connectTo } from './setup.ts';

const authority = createAuthority();
const tls = { scheme: 'https', ca: authority.cert, server: overTls(authority.issue()) };
const ways = [
  ['plain', {}],
  ['TLS', tls],
] as const;
const chunked = raw(['transfer-encoding: chunked']);

describe('framing without an end is cut off long before the deadline', () => {
  test.each([
    ['a status line', onRequest('HTTP/1.1 200 ', flood('O'))],
    ['a chunk extension', onRequest(chunked, '1;', flood('x'))],
    ['a chunk extension behind a body', onRequest(chunked, '2\r\n[1\r\n1;', flood('x'))],
    ['a header', onRequest('HTTP/1.1 200 OK\r\na: ', flood('b'))],
    ['trailers', onRequest(chunked, '1\r\n1\r\n0\r\n', flood('a: b\r\n'))],
    ['interim answers', onRequest(flood('HTTP/1.1 102 Processing\r\n\r\n'))],
  ])('%s', async (_name, behaviour) => {
    const { server, upstream } = await connectTo(behaviour);
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'protocol' } });
    expect(await server.isEmptyWithin(1_000)).toBe(true);
    expect(server.sent).toBeLessThan(16_000_000); // the flood would go on to 32
  });
});

describe('framing that is only much is taken', () => {
  const big = `"${'x'.repeat(1_000_000)}"`;
  test.each(ways)('a large body: %s', async (_name, way) => {
    const { upstream } = await connectTo(answer(big), {}, way);
    for (let i = 0; i < 3; i += 1) expect(await upstream.ask()).toMatchObject({ value: 'x'.repeat(1_000_000) });
  });

  test.each(ways)('fifty thousand chunks of one byte: %s', async (_name, way) => {
    const { upstream } = await connectTo(onRequest(chunked + byteByByte(`"${'x'.repeat(50_000)}"`)), {}, way);
    for (let i = 0; i < 3; i += 1) expect(await upstream.ask()).toMatchObject({ value: 'x'.repeat(50_000) });
  });

  test('a small answer after a large one on the same socket', async () => {
    const { server, upstream } = await connectTo(answer(big), { connections: 1 });
    await upstream.ask();
    server.behave(answer('1'));
    for (let i = 0; i < 20; i += 1) expect(await upstream.ask()).toMatchObject({ value: 1 });
    expect(server.accepted).toBe(1);
  });
});

test.each(ways)('a socket is known again, so that an idle close is made good: %s', async (_name, way) => {
  const { server, upstream } = await connectTo(answer('1'), { connections: 1 }, way);
  await upstream.ask();
  let isFirst = true;
  server.behave(
    onRequest((socket, head) => {
      if (isFirst) end(socket, head);
      else socket.write(json('2'));
      isFirst = false;
    }),
  );
  expect(await upstream.ask()).toMatchObject({ value: 2 });
  expect(server).toMatchObject({ accepted: 2, requests: 3 });
});

test('a transport that is closed, even twice, takes nothing from the others', async () => {
  const other = await connectTo(answer('1'));
  const { server, upstream } = await connectTo(answer('1'), { connections: 1 });
  await upstream.ask();
  await other.upstream.close();
  await other.upstream.close();

  let isFirst = true;
  server.behave(
    onRequest((socket, head) => {
      if (isFirst) end(socket, head);
      else socket.write(json('2'));
      isFirst = false;
    }),
  );
  expect(await upstream.ask()).toMatchObject({ value: 2 });
});
