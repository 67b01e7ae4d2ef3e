import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findLine, good, provider, route, start, startListening } from './program.ts';
import { ask, json, startUpstream } from './setup.ts';

describe('what keeps it from starting is one line, and the exit code says whose it is', () => {
  const needsOptional = `
    const first = route.source(getItem, { input: () => null, optional: true });
    const item = route.source(getItem, { input: () => null, needs: { first } });`;
  const withoutOutput = provider().replace('output: Type.Unknown(), ', '');
  test.each([
    ['an unknown key', good, { CONFLUO_COLOUR: 'red' }, 78, /^confluo: CONFLUO_COLOUR is not a known key\n$/],
    ['a port that is none', good, { PORT: 'http' }, 78, /^confluo: PORT must be integer\n$/],
    [
      'several bad keys',
      good,
      { PORT: '-1', CONFLUO_LOG_LEVEL: 'loud' },
      78,
      /^confluo: .*PORT .*; CONFLUO_LOG_LEVEL .*\n$/,
    ],
    [
      'an origin that is none',
      good,
      { CONFLUO_UPSTREAM_MY_SHOP_ORIGIN: 'shop' },
      78,
      /^confluo: CONFLUO_UPSTREAM_MY_SHOP_ORIGIN must be an origin.*\n$/,
    ],
    [
      'an origin of nothing',
      good,
      { CONFLUO_UPSTREAM_OTHER_ORIGIN: 'http://a' },
      78,
      /^confluo: .*"other".*CONFLUO_UPSTREAM_OTHER_ORIGIN\n$/,
    ],
    [
      'embedded upstreams',
      good,
      { CONFLUO_UPSTREAMS: 'embedded' },
      78,
      /^confluo: CONFLUO_UPSTREAMS=embedded needs .*\n$/,
    ],
    ['no folder', good, { CONFLUO_APP_DIR: 'nowhere' }, 78, /^confluo: no routes found: .*nowhere.*\n$/],
    [
      'two routes with one URL',
      { ...good, 'routes/other.ts': route() },
      {},
      78,
      /^confluo: two routes with one URL: GET \/v1\/item\n$/,
    ],
    [
      'a required source that needs an optional one',
      { ...good, 'routes/item.ts': route(needsOptional) },
      {},
      78,
      /^confluo: route GET \/v1\/item: source "item" is required but needs "first".*\n$/,
    ],
    [
      'a provider without output',
      { ...good, 'providers/shop.ts': withoutOutput },
      {},
      78,
      /^confluo: providers\/shop\.ts: provider "my-shop\/item": "output" is missing.*\n$/,
    ],
    [
      'a provider that throws',
      { ...good, 'providers/other.ts': 'throw new Error("no licence")' },
      {},
      78,
      /^confluo: providers\/other\.ts: no licence\n$/,
    ],
    [
      'a route that is none',
      { ...good, 'routes/item.ts': 'export default 1' },
      {},
      78,
      /^confluo: routes\/item\.ts: the default export is not a route\n$/,
    ],
    [
      'a URL that is none',
      { ...good, 'routes/item.ts': route().replace("'/v1", "'v1") },
      {},
      78,
      /^confluo: route GET v1\/item: a URL begins with \/\n$/,
    ],
    [
      'a URL that is taken',
      { ...good, 'routes/item.ts': route().replace('/v1/item', '/livez') },
      {},
      78,
      /^confluo: .*'\/livez'\n$/,
    ],
    [
      'a schema that is none',
      { ...good, 'routes/item.ts': route(undefined, "query: Type.Object({ a: Type.String({ pattern: '(' }) })") },
      {},
      78,
      /^confluo: .*\/v1\/item.*\n$/,
    ],
    [
      'a host that is none',
      good,
      { HOST: '192.0.2.1' },
      69,
      /^confluo: port 0 on 192\.0\.2\.1 cannot be listened on \(EADDRNOTAVAIL\); .*\n$/,
    ],
  ])('%s', async (_name, files, env, code, line) => {
    const { ended, errors, lines } = await start(files, env);
    expect({ code: await ended, errors: errors() }).toEqual({ code, errors: expect.stringMatching(line) });
    expect(lines).toEqual([]);
  });

  test('a port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as AddressInfo;

    const { ended, errors } = await start(good, { PORT: String(port) });

    expect({ code: await ended, errors: errors() }).toEqual({
      code: 69,
      errors: `confluo: port ${port} on 127.0.0.1 is in use; PORT and HOST say where to listen\n`,
    });
  });
});

describe('a program that runs', () => {
  test('serves the folder, says where, and takes origins from the environment', async () => {
    const upstream = await startUpstream(json({ id: 7 }));
    const { origin, errors } = await startListening({ CONFLUO_UPSTREAM_MY_SHOP_ORIGIN: upstream.origin });

    expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await ask(`${origin}/v1/item`)).json()).toMatchObject({ data: { item: { id: 7 } } });
    expect(errors()).toBe('');
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'answers what it has taken after %s, lets idle clients go, and ends with 0',
    async (signal) => {
      let answer = () => {};
      const upstream = await startUpstream((response) => {
        answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end('1');
      });
      const program = await startListening({ CONFLUO_UPSTREAM_MY_SHOP_ORIGIN: upstream.origin });
      const { origin, child, ended } = program;
      const agent = new Agent({ keepAlive: true });
      const keep = (url: string) =>
        new Promise<{ readonly status: number | undefined; readonly connection: string | undefined }>(
          (resolve, reject) => {
            const outgoing = request(origin + url, { agent }, (response) => {
              response
                .resume()
                .on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
            });
            outgoing.on('error', reject).end();
          },
        );

      expect(await keep('/livez')).toEqual({ status: 200, connection: 'keep-alive' });
      const inFlight = keep('/v1/item');
      await upstream.arrived(1);
      expect(await keep('/livez')).toEqual({ status: 200, connection: 'keep-alive' });
      const signalledAt = performance.now();
      child.kill(signal);
      await findLine(program, 'draining');
      answer();

      expect(await inFlight).toEqual({ status: 200, connection: 'close' });
      expect(await ended).toBe(0);
      expect(performance.now() - signalledAt).toBeLessThan(5_000);
      expect(program.lines).toMatchObject([
        { msg: 'listening' },
        { msg: 'draining' },
        { msg: 'request', status: 200 },
        { msg: 'stopped' },
      ]);
      expect(program.errors()).toBe('');
    },
  );

  test('does not wait for clients that have not said anything', async () => {
    const program = await startListening({});
    const silent = connect({ port: Number(new URL(program.origin).port), host: '127.0.0.1' });
    await once(silent, 'connect');
    expect((await ask(`${program.origin}/livez`)).status).toBe(200);
    const closed = once(silent.resume(), 'close');

    program.child.kill('SIGTERM');

    expect(await program.ended).toBe(0);
    await closed;
  });

  test('answers while nobody reads its lines, and has them all afterwards', async () => {
    const upstream = await startUpstream({ '/item': json(1) });
    const program = await startListening({ CONFLUO_UPSTREAM_MY_SHOP_ORIGIN: upstream.origin });
    const count = 1_000; // several times what a pipe takes
    program.child.stdout?.pause();
    for (let asked = 0; asked < count; asked += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(`${program.origin}/v1/item`)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    }
    program.child.stdout?.resume();
    program.child.kill('SIGTERM');

    expect(await program.ended).toBe(0);
    expect(program.lines.filter(({ msg }) => msg === 'request')).toHaveLength(count);
  });

  test('does not wait longer than it may', async () => {
    const upstream = await startUpstream(() => {});
    const program = await startListening({ CONFLUO_UPSTREAM_MY_SHOP_ORIGIN: upstream.origin, CONFLUO_STOP_MS: '300' });
    const gone = ask(`${program.origin}/v1/item`).catch(() => 'cut off');
    await upstream.arrived(1);

    program.child.kill('SIGTERM');

    expect(await program.ended).not.toBe(0);
    expect(await gone).toBe('cut off');
  });
});
