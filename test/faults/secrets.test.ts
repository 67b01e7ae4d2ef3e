import { type AddressInfo, connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { coalesce, defineRoute, defineUpstream, type EdgeOptions, path, secret, Type } from '../../src/index.ts';
import { type AskOptions, ask, askRaw, json, type Reply, startUpstream } from '../server/setup.ts';

/** The secrets that are planted, each a text that is nowhere else. */
const canaries = {
  authorization: 'canary-authorization-5d1c',
  cookie: 'canary-cookie-77aa',
  apiKey: 'canary-api-key-e04b',
  query: 'canary-query-91f3',
  body: 'canary-body-c2d8',
  upstreamKey: 'canary-upstream-key-3b6e',
  setCookie: 'canary-set-cookie-a8f0',
  /** In the bodies, addresses and headers of upstreams that fail. */
  upstreamError: 'canary-upstream-error-64c7',
  /** In whatever nobody declared: a query name, a body field, a header, a path. */
  stray: 'canary-stray-0e9d',
};
type Canary = keyof typeof canaries;

/** Everything that was seen, by the place it was seen at. */
const places = new Map<string, string>();
const see = (place: string, seen: unknown) =>
  places.set(place, `${places.get(place) ?? ''}${typeof seen === 'string' ? seen : JSON.stringify(seen)}\n`);

/** Where a text was seen, as it is or in base64. */
const placesOf = (text: string): readonly string[] =>
  [...places]
    .filter(([, seen]) => seen.includes(text) || seen.includes(btoa(text).replace(/=+$/, '')))
    .map(([place]) => place)
    .sort();

/** The places of every canary that was seen anywhere. */
const seenAt = (): Partial<Record<Canary, readonly string[]>> => {
  const found = Object.entries(canaries).map(([name, text]) => [name, placesOf(text)] as const);
  return Object.fromEntries(found.filter(([, at]) => at.length > 0));
};

/** Ways of an upstream to fail, each with a secret in it. */
const failing: Readonly<Record<string, Reply>> = {
  '/error': json({ error: canaries.upstreamError }, { 'x-debug': canaries.upstreamError }, 500),
  '/missing': json({ error: canaries.upstreamError }, {}, 404),
  '/redirect': json({}, { location: `http://127.0.0.1/?key=${canaries.upstreamError}` }, 302),
  '/garbage': (response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(`{${canaries.upstreamError}`),
  '/mismatch': json({ price: canaries.upstreamError }),
  '/text': (response) => response.writeHead(200, { 'content-type': `text/${canaries.upstreamError}` }).end('x'),
  '/cut': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
    response.write(`"${canaries.upstreamError}`, () => response.destroy());
  },
};

async function start(edge: EdgeOptions = {}) {
  const upstreams = {
    // Says who it was asked by, so that an answer that reaches somebody else is seen.
    users: await startUpstream((response, { headers }) => {
      const who = String(headers.authorization ?? 'nobody');
      setTimeout(() => json({ who }, { 'set-cookie': `sid=${canaries.setCookie}` })(response, never), 30);
    }),
    orders: await startUpstream(json([])),
    stock: await startUpstream((response, seen) => failing[seen.url]?.(response, seen)),
  };
  const users = defineUpstream({
    name: 'users',
    origin: upstreams.users.origin,
    forward: ['Authorization', 'Cookie'],
    policies: [],
  });
  const orders = defineUpstream({ name: 'orders', origin: upstreams.orders.origin, policies: [] });
  const stock = defineUpstream({ name: 'stock', origin: upstreams.stock.origin, policies: [] });
  const gone = defineUpstream({ name: 'gone', origin: 'http://127.0.0.1:9', policies: [] });

  vi.stubEnv('ORDERS_KEY', canaries.upstreamKey);
  const key = secret('ORDERS_KEY');
  const getProfile = users.provider({
    name: 'profile',
    output: Type.Object({ who: Type.String() }),
    policies: [coalesce()],
    request: () => ({ path: path`/profile` }),
  });
  const logIn = users.provider({
    name: 'log-in',
    method: 'POST',
    output: Type.Unknown(),
    policies: [],
    request: (body: { password: string }) => ({ path: path`/login`, body }),
  });
  const listOrders = orders.provider({
    name: 'list',
    output: Type.Unknown(),
    policies: [],
    request: ({ token }: { token: string }) => ({ path: path`/orders`, query: { token }, headers: { 'x-key': key } }),
  });
  const price = Type.Object({ price: Type.Number() });
  const failures = Object.keys(failing).map((url) =>
    stock.provider({
      name: url.slice(1),
      output: price,
      policies: [],
      request: () => ({ path: path`/${url.slice(1)}` }),
    }),
  );
  const refused = gone.provider({
    name: 'refused',
    output: price,
    policies: [],
    request: () => ({ path: path`/${canaries.upstreamError}` }),
  });

  const none = { input: () => ({}) };
  const page = defineRoute({
    url: '/v1/page',
    summary: 'A page',
    query: Type.Object({ token: Type.String({ maxLength: 40 }) }),
  });
  const session = defineRoute({ url: '/v1/session', summary: 'A session' });
  const login = defineRoute({
    url: '/v1/login',
    method: 'POST',
    summary: 'Log in',
    body: Type.Object({ password: Type.String({ maxLength: 40 }) }),
  });
  const broken = defineRoute({ url: '/v1/broken', summary: 'Everything fails', deadline: 2_000 });
  const optional = [...failures, refused].map(
    (provider) => [provider.name, broken.source(provider, { ...none, optional: true })] as const,
  );
  const required = defineRoute({ url: '/v1/required', summary: 'What fails is required' });
  const [first] = failures;
  if (!first) throw new Error('there are ways to fail');
  const routes = [
    page.merge({
      profile: page.source(getProfile, none),
      orders: page.source(listOrders, { input: ({ query }) => ({ token: query.token }) }),
    }),
    session.merge({ profile: session.source(getProfile, { ...none, expose: ['set-cookie'] }) }),
    login.merge({ answer: login.source(logIn, { input: ({ body }) => ({ password: body.password }) }) }),
    broken.merge(Object.fromEntries(optional)),
    required.merge({ price: required.source(first, none) }),
  ];
  const logger = pino({ level: 'trace' }, { write: (line: string) => see('log', line) });
  const { server } = await buildApp({ routes, edge, logger });
  await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    server.server.closeAllConnections();
    await server.close();
  });
  const origin = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`; // it listens on TCP

  /** Asks, and sees the answer as `client`; then everything that reached an upstream. */
  async function request(url: string, options: AskOptions = {}, client = 'client') {
    const answer = await ask(origin + url, options);
    see(client, [answer.status, answer.headers, answer.text]);
    return answer;
  }
  function seeUpstreams(): void {
    for (const [name, { seen }] of Object.entries(upstreams))
      see(
        name,
        seen.map(({ left: _left, ...rest }) => rest),
      );
  }
  return { origin, request, seeUpstreams, upstreams };
}

/** What a reply that looks at nothing is given. */
const never = { method: '', url: '', headers: {}, body: '', left: Promise.resolve(0) };

/** Everything a client can say that is nobody else's business. */
const said = {
  authorization: `Bearer ${canaries.authorization}`,
  cookie: `session=${canaries.cookie}`,
  'x-api-key': canaries.apiKey,
  'x-stray': canaries.stray,
  connection: 'authorization, cookie',
};

beforeEach(() => {
  places.clear();
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk: string | Uint8Array) => {
      see('process', String(chunk));
      return true;
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

const edges: readonly (readonly [string, EdgeOptions])[] = [
  ['the edge off', {}],
  [
    'the edge on',
    {
      cors: { origins: ['https://app.example'], credentials: true },
      securityHeaders: true,
      compression: true,
      etag: true,
      rateLimit: { max: 1_000, windowMs: 60_000, header: 'x-api-key' },
      trustedProxies: ['10.0.0.0/8'],
    },
  ],
];

describe.each(edges)('with %s a secret is seen where it is declared, and nowhere else', (_name, edge) => {
  test('of a client: its identity at the upstream that names it, its query where a provider puts it', async () => {
    const { request, seeUpstreams } = await start(edge);
    const answer = await request(`/v1/page?token=${canaries.query}&stray=${canaries.stray}`, { headers: said });
    seeUpstreams();
    expect(answer).toMatchObject({ status: 200 });
    expect(seenAt()).toEqual({
      // The upstream says it in its answer, and the client sees its own.
      authorization: ['client', 'users'],
      cookie: ['users'],
      query: ['orders'],
      upstreamKey: ['orders'],
    });
    expect(answer.headers['cache-control']).toBe('private, no-cache');
  });

  test('of a client: a field of its body', async () => {
    const { request, seeUpstreams } = await start(edge);
    const body = { password: canaries.body, stray: canaries.stray };
    expect(await request('/v1/login', { method: 'POST', body })).toMatchObject({ status: 200 });
    seeUpstreams();
    expect(seenAt()).toEqual({ body: ['users'] });
  });

  test('of an upstream: the cookie it sets, where a route exposes it', async () => {
    const { request, seeUpstreams } = await start(edge);
    expect(await request('/v1/page?token=a')).toMatchObject({ status: 200 });
    expect(seenAt()).toEqual({});
    expect(await request('/v1/session', {}, 'exposed')).toMatchObject({ status: 200 });
    seeUpstreams();
    expect(seenAt()).toEqual({ setCookie: ['exposed'], upstreamKey: ['orders'] });
  });

  test('of an upstream that fails: whatever it says of it', async () => {
    const { request } = await start(edge);
    const { status, text } = await request('/v1/broken', { headers: said });
    expect(status).toBe(200);
    const { sources } = JSON.parse(text);
    const codes = Object.values<{ readonly code: string }>(sources).map(({ code }) => code);
    const bad = 'invalid_response';
    expect(codes).toEqual(['upstream_error', 'not_found', bad, bad, bad, bad, 'protocol', 'unreachable']);
    expect(await request('/v1/required', { headers: said })).toMatchObject({ status: 502 });
    expect(seenAt()).toEqual({});
  });

  test('of a client that is refused', async () => {
    const { request, origin, seeUpstreams } = await start(edge);
    const { stray } = canaries;
    const long = { password: `${canaries.body}${'x'.repeat(40)}` };
    const asked = [
      await request(`/v1/page?token=${canaries.query}${'x'.repeat(40)}`, { headers: said }),
      await request(`/${stray}?token=${canaries.query}`, { headers: said }),
      await request(`/v1/page?token=${canaries.query}`, { method: 'DELETE', headers: said }),
      await request('/v1/login', { method: 'POST', headers: said, body: long }),
      await request('/v1/login', { method: 'POST', headers: said, body: `{"password": ${canaries.body}` }),
      await request('/v1/login', { method: 'POST', headers: { ...said, 'content-type': `text/${stray}` }, body: 'x' }),
      await request(`/v1/page?token=${canaries.query}`, { headers: { ...said, 'x-stray': stray.repeat(2_000) } }),
      await request(`/v1/page?token=${canaries.query.repeat(1_000)}`, { headers: said }),
    ];
    expect(asked.map(({ status }) => status)).toEqual([400, 404, 405, 400, 400, 415, 431, 414]);
    for (const head of [
      `GET /v1/page?token=${canaries.query} HTTP/1.1\r\nHost: a\r\nHost: ${stray}\r\n\r\n`,
      `GET http://${stray}/ HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a\r\nAuthorization ${canaries.authorization}\r\n\r\n`,
      `${stray.toUpperCase()} / HTTP/1.1\r\n\r\n`,
    ]) {
      const text = await askRaw(origin, head);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      see('client', text);
    }
    seeUpstreams();
    expect(seenAt()).toEqual({});
  });

  test('of a client that leaves', async () => {
    const { origin, upstreams } = await start(edge);
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    const head = [`GET /v1/page?token=${canaries.query} HTTP/1.1`, 'host: a', `authorization: ${said.authorization}`];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    await upstreams.users.arrived(1);
    socket.destroy();
    await vi.waitFor(() => expect(places.get('log')).toContain('499'), { timeout: 8_000 });
    expect(seenAt()).toEqual({});
  });

  test('of anybody: in what the server says of itself', async () => {
    const { request } = await start(edge);
    await request(`/v1/page?token=${canaries.query}`, { headers: said }, 'self');
    for (const url of ['/readyz?verbose', '/openapi.json', '/openapi.yaml', '/docs/']) {
      expect(await request(url, { headers: said })).toMatchObject({ status: 200 });
    }
    expect(seenAt()).toEqual({ authorization: ['self'] });
  });
});

describe('a call that is shared, and an answer that is known', () => {
  const one = `${canaries.authorization}-one`;
  const two = `${canaries.authorization}-two`;
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  test('belong to those with the same identity', async () => {
    const { request, upstreams } = await start();
    await Promise.all([
      request('/v1/session', as(one), 'first'),
      request('/v1/session', as(one), 'first'),
      request('/v1/session', as(two), 'second'),
      request('/v1/session', {}, 'nobody'),
    ]);
    expect(placesOf(one)).toEqual(['first']);
    expect(placesOf(two)).toEqual(['second']);
    const asked = upstreams.users.seen.map(({ headers }) => headers.authorization);
    expect(asked).toHaveLength(3);
    expect(new Set(asked)).toEqual(new Set([`Bearer ${one}`, `Bearer ${two}`, undefined]));
  });

  test('are not known again by somebody else', async () => {
    const { request } = await start({ etag: true });
    const { headers } = await request('/v1/session', as(one), 'first');
    const known = { 'if-none-match': String(headers.etag) };
    const again = { headers: { ...as(one).headers, ...known } };
    const other = { headers: { ...as(two).headers, ...known } };
    expect(await request('/v1/session', again, 'first')).toMatchObject({ status: 304 });
    expect(await request('/v1/session', other, 'second')).toMatchObject({ status: 200 });
    expect(placesOf(one)).toEqual(['first']);
    expect(headers['cache-control']).toBe('private, no-cache');
  });
});

test('what looks for secrets finds them', () => {
  see('here', { text: canaries.body });
  see('there', btoa(canaries.cookie));
  process.stderr.write(canaries.stray);
  expect(seenAt()).toMatchObject({ body: ['here'], cookie: ['there'], stray: ['process'] });
});
