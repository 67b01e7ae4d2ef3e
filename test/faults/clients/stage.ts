import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { type AppOptions, buildApp } from '../../../src/app.ts';
import { defineRoute, defineUpstream, path, Type } from '../../../src/index.ts';

/** A request that reached a route's own code. */
export interface Handled {
  /** `item`, `list`, `add`, `slow` or `big`. */
  readonly route: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** A request that reached the upstream. */
export interface Sent {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** The line of one request in the log. */
export type Line = Readonly<Record<string, unknown>>;

/** A server with routes that tell what reached them, and its upstream. */
export interface Stage {
  readonly port: number;
  readonly origin: string;
  readonly handled: Handled[];
  readonly sent: Sent[];
  readonly lines: Line[];
  /** Resolves when the calls of the slow route are here. */
  slow(count: number): Promise<void>;
  /** Lets the slow route answer. */
  release(): void;
  /** Connections of clients that are open. */
  connections(): Promise<number>;
  /** Takes nothing new, and resolves when the last connection is closed. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** A request on a connection that must still be usable. */
export const probe = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';

/** Answers of the big route, bytes: more than the system takes for a client that does not read. */
export const bigBytes = 24_000_000;

/**
 * Starts a server: `GET /v1/items/:id` (one upstream, `/things/<id>/parts`), `GET /v1/items?q=`, `POST /v1/items`,
 * `GET /v1/slow` that waits to be released, and `GET /v1/big`.
 */
export async function openStage(options: Partial<AppOptions> = {}): Promise<Stage> {
  const handled: Handled[] = [];
  const sent: Sent[] = [];
  const lines: Line[] = [];
  let waiting: (() => void)[] = [];
  let arrived = () => {};

  const upstream = createServer(({ url = '', headers }, response) => {
    sent.push({ url, headers });
    response.setHeader('content-type', 'application/json').end('1');
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const things = defineUpstream({ name: 'things', origin: `http://127.0.0.1:${toPort(upstream)}`, policies: [] });
  const getThing = things.provider({
    name: 'thing',
    output: Type.Unknown(),
    request: ({ id }: { readonly id: string }) => ({ path: path`/things/${id}/parts` }),
    policies: [],
  });
  const here = defineUpstream({ name: 'here', origin: 'http://127.0.0.1:9', policies: [] });
  const run = (name: string, answer: () => unknown) =>
    here.provider({ name, output: Type.Unknown(), run: async (_input: unknown) => answer(), policies: [] });
  const getNothing = run('nothing', () => null);
  const getBig = run('big', () => 'x'.repeat(bigBytes));
  const getSlow = run(
    'slow',
    () =>
      new Promise((resolve) => {
        waiting.push(() => resolve(1));
        arrived();
      }),
  );

  const note = (route: string) => (request: Omit<Handled, 'route'>) => {
    handled.push({ route, params: request.params, query: request.query, body: request.body });
    return null;
  };
  const query = Type.Object({ q: Type.Optional(Type.String()), n: Type.Optional(Type.Integer()) });
  const item = defineRoute({ url: '/v1/items/:id', summary: 'x', params: Type.Object({ id: Type.String() }) });
  const list = defineRoute({ url: '/v1/items', summary: 'x', query });
  const add = defineRoute({
    method: 'POST',
    url: '/v1/items',
    summary: 'x',
    body: Type.Object({ a: Type.Optional(Type.Integer()) }),
  });
  const slow = defineRoute({ url: '/v1/slow', summary: 'x', deadline: 4_000 });
  const big = defineRoute({ url: '/v1/big', summary: 'x' });
  const noteItem = note('item');
  const routes = [
    item.merge({
      a: item.source(getThing, {
        input: (request) => {
          noteItem({ ...request, query: {}, body: undefined });
          return { id: request.params.id };
        },
      }),
    }),
    list.merge({ a: list.source(getNothing, { input: note('list') }) }),
    add.merge({ a: add.source(getNothing, { input: note('add') }) }),
    slow.merge({ a: slow.source(getSlow, { input: note('slow') }) }),
    big.merge({ a: big.source(getBig, { input: note('big') }) }),
  ];

  const write = (text: string) => void lines.push(JSON.parse(text) as Line); // pino writes JSON
  const { server } = await buildApp({ routes, logger: pino({ level: 'info' }, { write }), ...options });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const port = toPort(server.server);

  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    handled,
    sent,
    lines,
    async slow(count) {
      while (waiting.length < count) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
    },
    release() {
      for (const answer of waiting) answer();
      waiting = [];
    },
    connections: () =>
      new Promise((resolve, reject) => {
        server.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
    drain: async () => server.close(),
    async close() {
      server.server.closeAllConnections();
      await server.close();
      upstream.closeAllConnections();
      upstream.close();
    },
  };
}

const toPort = (server: { address(): AddressInfo | string | null }): number => (server.address() as AddressInfo).port; // TCP
