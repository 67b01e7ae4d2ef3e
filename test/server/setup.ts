import { once } from 'node:events';
import {
  type Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { type AppOptions, buildApp } from '../../src/app.ts';
import { path } from '../../src/engine/path.ts';
import { defineUpstream, type Provider } from '../../src/engine/provider.ts';
import { Type } from '../../src/index.ts';

/** A request that reached the upstream. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Resolves when the connection is gone before the answer was written. */
  readonly left: Promise<number>;
}

/** A real upstream on loopback, that answers every path alike. */
export interface Upstream {
  readonly origin: string;
  readonly seen: readonly Seen[];
  /** Resolves once so many requests are here. */
  arrived(count: number): Promise<void>;
  /** Connections that are open. */
  open(): Promise<number>;
}

export type Reply = (response: ServerResponse, seen: Seen) => void;

/** Answers with JSON and these headers. */
export const json =
  (value: unknown, headers: Readonly<Record<string, string | readonly string[]>> = {}, status = 200): Reply =>
  (response) => {
    for (const [name, field] of Object.entries(headers)) response.setHeader(name, field);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };

/** Never answers. */
export const hang: Reply = () => {};

/** Listens until the test ends. */
export async function startUpstream(reply: Reply | Readonly<Record<string, Reply>>): Promise<Upstream> {
  const seen: Seen[] = [];
  const server = createServer(async (incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const left = once(response, 'close').then(() => performance.now());
    const body = await readText(incoming);
    const one = { method, url, headers, body, left };
    seen.push(one);
    server.emit('seen');
    const answer = typeof reply === 'function' ? reply : (reply[url] ?? json({ error: 'unknown' }, {}, 404));
    answer(response, one);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    origin: toOrigin(server.address()),
    seen,
    async arrived(count) {
      while (seen.length < count) await once(server, 'seen');
    },
    open: () => promisify(server.getConnections.bind(server))(),
  };
}

const toOrigin = (address: AddressInfo | string | null): string => {
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address');
  return `http://127.0.0.1:${address.port}`;
};

async function readText(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch {
    // Cut off: what came is what there is.
  }
  return Buffer.concat(chunks).toString();
}

/** An upstream without policies, and a provider on it that asks for `/<name>` and takes any JSON. */
export function createAsk(origin: string) {
  const upstream = defineUpstream({ name: 'shop', origin, policies: [] });
  const known = new Map<string, Provider<unknown, unknown>>();
  return (name: string): Provider<unknown, unknown> => {
    const request = () => ({ path: path`/${name}` });
    const provider = known.get(name) ?? upstream.provider({ name, output: Type.Unknown(), policies: [], request });
    known.set(name, provider);
    return provider;
  };
}

/** Source options for a provider that needs no input. */
export const plain = { input: () => null };

/** A line of the log. */
export type Line = Readonly<Record<string, unknown>>;

/** A Confluo that listens. */
export interface Served {
  readonly origin: string;
  readonly lines: readonly Line[];
  /** Resolves with the first line that fits, now or later. */
  line(fits: (line: Line) => boolean): Promise<Line>;
}

/** Builds the application and listens until the test ends. */
export async function serve(options: Omit<AppOptions, 'logger'>): Promise<Served> {
  const lines: Line[] = [];
  let tell = () => {};
  const write = (text: string) => {
    lines.push(JSON.parse(text) as Line);
    tell();
  };
  const { server } = await buildApp({ ...options, logger: pino({ level: 'info' }, { write }) });
  await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    server.server.closeAllConnections();
    await server.close();
  });
  async function line(fits: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const found = lines.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
    }
  }
  return { origin: toOrigin(server.server.address()), lines, line };
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: () => unknown;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Keeps connections; by default each request has its own. */
  readonly agent?: Agent | undefined;
}

/** One request on a connection of its own. */
export function ask(
  url: string,
  { method = 'GET', headers = {}, body, signal, agent }: AskOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    // Said here, since Node's client sends a DELETE with a body as if it had none.
    const own =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const options = { method, agent: agent ?? false, headers: { ...own, ...headers }, ...(signal ? { signal } : {}) };
    const outgoing = request(url, options, async (response) => {
      const got = await readText(response);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: got, json: () => JSON.parse(got) });
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

/** Writes bytes on a bare socket, and gives back everything that came until the server closed it. */
export function askRaw(origin: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(origin).port), host: '127.0.0.1' });
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject).on('close', () => resolve(text));
    socket.write(bytes, 'latin1');
  });
}
