import fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { confluo, defineRoute, type Route, Type } from '../../src/index.ts';
import { ask, createAsk, hang, json, plain, startUpstream } from './setup.ts';

const page = (origin: string, name = 'a'): Route => {
  const route = defineRoute({
    url: '/page',
    summary: 'A page',
    query: Type.Object({ n: Type.Optional(Type.Integer()) }),
  });
  return route.merge({ [name]: route.source(createAsk(origin)(name), plain) });
};

/** A host with routes and habits of its own. */
async function listen(host: FastifyInstance): Promise<string> {
  const origin = await host.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    host.server.closeAllConnections();
    await host.close();
  });
  return origin;
}

function createHost(): FastifyInstance {
  const host = fastify();
  host.setErrorHandler((_error, _request, reply) => reply.code(418).send('error of the host'));
  host.setNotFoundHandler((_request, reply) => reply.code(404).send('nothing at the host'));
  const numbered = { type: 'object', properties: { n: { type: 'integer' } } };
  const schema = { querystring: numbered, response: { 200: numbered } };
  host.get<{ Querystring: { n: number } }>('/own', { schema }, ({ query: { n } }, reply) => reply.send({ n, more: 1 }));
  host.post('/text', (request, reply) => reply.send(request.body));
  return host;
}

describe('as a plugin', () => {
  test('it serves its routes below the prefix, next to those of the host', async () => {
    const upstream = await startUpstream(json([1]));
    const host = createHost();
    await host.register(confluo, { routes: [page(upstream.origin)], prefix: '/bff' });
    const origin = await listen(host);

    const answer = await ask(`${origin}/bff/page`);

    expect(answer).toMatchObject({ status: 200, headers: { 'x-aggregate-complete': 'true' } });
    expect(answer.json()).toMatchObject({ data: { a: [1] }, complete: true });
  });

  test('its problems are its own', async () => {
    const host = createHost();
    await host.register(confluo, { routes: [page('http://127.0.0.1:9')], prefix: '/bff' });
    const origin = await listen(host);

    const invalid = await ask(`${origin}/bff/page?n=x`);
    const failed = await ask(`${origin}/bff/page`);

    expect(invalid.json()).toMatchObject({ status: 400, errors: [{ in: 'query', pointer: '/n' }] });
    expect(failed.json()).toMatchObject({ status: 502, code: 'unreachable', source: 'a' });
  });

  test('the host keeps its error handlers, validation, serialisation, parsers and methods', async () => {
    const host = createHost();
    await host.register(confluo, { routes: [page('http://127.0.0.1:9')] });
    host.post('/page', (_request, reply) => reply.send('of the host'));
    const origin = await listen(host);
    const text = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'hello' };

    expect(await ask(`${origin}/own?n=x`)).toMatchObject({ status: 418, text: 'error of the host' });
    expect(await ask(`${origin}/nope`)).toMatchObject({ status: 404, text: 'nothing at the host' });
    expect((await ask(`${origin}/own?n=1`)).json()).toEqual({ n: 1 });
    expect(await ask(`${origin}/text`, text)).toMatchObject({ status: 200, text: 'hello' });
    expect(await ask(`${origin}/page`, text)).toMatchObject({ status: 200, text: 'of the host' });
  });

  test.each([
    ['with prefixes', { prefix: '/one' }, { prefix: '/two' }],
    ['with one prefix', { prefix: '/both' }, { prefix: '/both' }],
    ['without', {}, {}],
  ])('two of it fit into one host, each with connections of its own: %s', async (_name, one, two) => {
    const first = await startUpstream(json('first'));
    const second = await startUpstream(json('second'));
    const other = defineRoute({ url: '/other', summary: 'Another' });
    const b = other.source(createAsk(second.origin)('b'), plain);
    const host = createHost();
    await host.register(confluo, { ...one, routes: [page(first.origin)] });
    await host.register(confluo, { ...two, routes: [other.merge({ b })] });
    const origin = await listen(host);
    const [here = '', there = ''] = [one, two].map((options: { readonly prefix?: string }) => options.prefix ?? '');

    expect((await ask(`${origin}${here}/page`)).json()).toMatchObject({ data: { a: 'first' } });
    expect((await ask(`${origin}${there}/other`)).json()).toMatchObject({ data: { b: 'second' } });
  });

  test.each([
    ['/page', '/page'],
    ['/pages/:id', '/pages/:name'],
    ['/:a/x/:b', '/:c/x/:d'],
  ])('two routes with one URL stop the host: %s and %s', async (one, other) => {
    const provider = createAsk('http://127.0.0.1:9');
    const routes = [one, other].map((url) => {
      const route = defineRoute({ url, summary: 'A page' });
      return route.merge({ a: route.source(provider('a'), plain) });
    });
    const host = fastify();
    await expect(host.register(confluo, { routes })).rejects.toThrow(`two routes with one URL: GET ${other}`);
  });

  test('the host`s end is its end: what runs is answered and its connections are closed', async () => {
    const upstream = await startUpstream({
      '/a': json(1),
      '/slow': (response) => setTimeout(() => response.end('2'), 200),
    });
    const provider = createAsk(upstream.origin);
    const route = defineRoute({ url: '/slow', summary: 'Slow' });
    const host = fastify();
    await host.register(confluo, { routes: [route.merge({ slow: route.source(provider('slow'), plain) })] });
    const origin = await host.listen({ port: 0, host: '127.0.0.1' });

    const answer = ask(`${origin}/slow`);
    await upstream.arrived(1);
    const closed = host.close();

    expect((await answer).json()).toMatchObject({ data: { slow: 2 } });
    expect(await answer).toMatchObject({ headers: { connection: 'close' } });
    await closed;
    await vi.waitFor(async () => expect(await upstream.open()).toBe(0), { timeout: 8_000 });
  });

  test('a client that leaves cancels here as well', async () => {
    const upstream = await startUpstream(hang);
    const host = fastify();
    await host.register(confluo, { routes: [page(upstream.origin)] });
    const origin = await listen(host);

    const controller = new AbortController();
    const gone = ask(`${origin}/page`, { signal: controller.signal });
    await upstream.arrived(1);
    controller.abort();

    await expect(gone).rejects.toThrow();
    await upstream.seen[0]?.left;
  });
});
