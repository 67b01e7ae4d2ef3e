import { Agent } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { defineRoute } from '../../src/index.ts';
import { ask, createAsk, hang, json, plain, serve, startUpstream } from './setup.ts';

const optional = { ...plain, optional: true } as const;

describe('overload', () => {
  test('turns away what is too much with 503, when to come back and nothing sent; health is still told', async () => {
    const upstream = await startUpstream(hang);
    const provider = createAsk(upstream.origin);
    const route = defineRoute({ url: '/v1/page', summary: 'A page', deadline: 500 });
    const { origin } = await serve({
      routes: [route.merge({ a: route.source(provider('a'), optional) })],
      admission: { maxInFlight: 1 },
    });

    const first = ask(`${origin}/v1/page`);
    await upstream.arrived(1);
    const second = await ask(`${origin}/v1/page`);
    const live = await ask(`${origin}/livez`);

    expect(second.status).toBe(503);
    expect(second.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'retry-after': expect.stringMatching(/^[123]$/),
    });
    expect(second.json()).toMatchObject({ type: 'about:blank', status: 503, detail: 'the server has too much to do' });
    expect(upstream.seen).toHaveLength(1);
    expect(live.status).toBe(200);
    expect((await first).status).toBe(200);
    expect((await ask(`${origin}/v1/page`)).status).toBe(200);
  });

  test('those who come back at once wait for a moment when they are many, and are told again', async () => {
    const upstream = await startUpstream(hang);
    const provider = createAsk(upstream.origin);
    const route = defineRoute({ url: '/v1/page', summary: 'A page', deadline: 60_000 });
    const { origin } = await serve({
      routes: [route.merge({ a: route.source(provider('a'), plain) })],
      admission: { maxInFlight: 1 },
    });
    const clients = Array.from({ length: 120 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    onTestFinished(() => clients.forEach((agent) => agent.destroy()));
    const first = ask(`${origin}/v1/page`, { agent: clients[0] });
    first.catch(() => {}); // it is cut off at the end
    await upstream.arrived(1);

    for (let i = 0; i < 3; i += 1) {
      const answers = await Promise.all(clients.slice(1).map((agent) => ask(`${origin}/v1/page`, { agent })));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    }
  });

  test('an answer beyond what can be held is this source`s failure, and the room comes back', async () => {
    const upstream = await startUpstream({ '/a': json('x'.repeat(50)), '/b': json('x'.repeat(200)) });
    const provider = createAsk(upstream.origin);
    const route = defineRoute({ url: '/v1/page', summary: 'A page', deadline: 5_000 });
    const { origin } = await serve({
      routes: [route.merge({ a: route.source(provider('a'), plain), b: route.source(provider('b'), optional) })],
      admission: { maxHeldBytes: 100 },
    });

    for (let i = 0; i < 3; i += 1) {
      expect((await ask(`${origin}/v1/page`)).json()).toMatchObject({
        data: { a: 'x'.repeat(50), b: null },
        sources: { a: { status: 'ok' }, b: { status: 'failed', code: 'saturated' } },
      });
    }
  });

  test('a request that was injected leaves as well', async () => {
    const upstream = await startUpstream({ '/a': json(1) });
    const provider = createAsk(upstream.origin);
    const route = defineRoute({ url: '/v1/page', summary: 'A page', deadline: 5_000 });
    const { server } = await buildApp({
      routes: [route.merge({ a: route.source(provider('a'), plain) })],
      admission: { maxInFlight: 1 },
    });
    onTestFinished(() => server.close());
    for (let i = 0; i < 3; i += 1) expect((await server.inject('/v1/page')).statusCode).toBe(200);
  });
});
