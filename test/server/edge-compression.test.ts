import { gunzipSync } from 'node:zlib';
import fastify, { type FastifyReply } from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { registerCompression } from '../../src/server/edge/compression.ts';
import { buildEdge } from './edge-setup.ts';

const large = { answer: 'many words '.repeat(400) };
const huge = { answer: 'many words '.repeat(100_000) };

const askFor = async (codings: string | undefined, shop = large) => {
  const server = await buildEdge({ compression: true }, { shop });
  const headers = codings === undefined ? {} : { 'accept-encoding': codings };
  return server.inject({ url: '/v1/page', headers });
};

describe('an answer is gzip', () => {
  test.each(['gzip', 'gzip, deflate, br, zstd', 'br;q=1, gzip;q=0.1', '*', 'x-gzip', 'GZIP'])(
    'for %s',
    async (codings) => {
      const { headers, rawPayload } = await askFor(codings);
      expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
      expect(Number(headers['content-length'])).toBe(rawPayload.length);
      expect(JSON.parse(gunzipSync(rawPayload).toString())).toMatchObject({ data: { page: large.answer } });
    },
  );

  test('also where it is very large', async () => {
    const { headers, rawPayload } = await askFor('gzip', huge);
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(JSON.parse(gunzipSync(rawPayload).toString())).toMatchObject({ data: { page: huge.answer } });
  });

  test('also where it is partial', async () => {
    const server = await buildEdge({ compression: true }, { shop: large });
    const { headers } = await server.inject({ url: '/v1/partial', headers: { 'accept-encoding': 'gzip' } });
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'cache-control': 'no-store' });
  });
});

describe('an answer is as it is', () => {
  test.each([
    undefined,
    '',
    'identity',
    'br',
    'deflate',
    'zstd',
    'gzip;q=0',
    'gzip;q=0, br',
    '*;q=0',
    'identity, *;q=0',
  ])('for %s, and caches are told that others may get it otherwise', async (codings) => {
    const { statusCode, headers, body } = await askFor(codings);
    expect(statusCode).toBe(200);
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers.vary).toBe('accept-encoding');
    expect(JSON.parse(body)).toMatchObject({ data: { page: large.answer } });
  });

  test.each([
    ['small', '/v1/page', { answer: 'short' }],
    ['no JSON', '/docs/static/swagger-ui.css', large],
    ['no JSON either', '/openapi.yaml', large],
  ])('where it is %s', async (_name, url, shop) => {
    const server = await buildEdge({ compression: true }, { shop });
    const { statusCode, headers } = await server.inject({ url, headers: { 'accept-encoding': 'gzip' } });
    expect(statusCode).toBe(200);
    expect(headers).not.toHaveProperty('content-encoding');
  });

  test.each([
    ['no-transform', { 'cache-control': 'public, No-Transform' }],
    ['coded already', { 'content-encoding': 'br' }],
  ])('where it is %s', async (_name, fields) => {
    const server = fastify();
    onTestFinished(() => server.close());
    await registerCompression(server);
    const send = (reply: FastifyReply) => reply.headers(fields).type('application/json').send(JSON.stringify(large));
    server.get('/', (_request, reply) => send(reply));
    const { headers, body } = await server.inject({ url: '/', headers: { 'accept-encoding': 'gzip' } });
    expect(headers).toMatchObject(fields);
    expect(JSON.parse(body)).toEqual(large);
  });
});

test('a body that comes in coded is refused as before, and not inflated', async () => {
  const server = await buildEdge({ compression: true });
  const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
  const answer = await server.inject({ method: 'POST', url: '/v1/page', headers, payload: Buffer.from('x') });
  expect(answer).toMatchObject({ statusCode: 415 });
});
