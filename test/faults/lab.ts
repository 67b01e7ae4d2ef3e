import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { type AppOptions, buildApp } from '../../src/app.ts';
import { defineRoute, defineUpstream, type Provider, path, type Route, Type } from '../../src/index.ts';
import { json, onRequest } from './behaviours.ts';
import { get } from './client.ts';
import { type NameServer, startNameServer } from './dns.ts';
import { isWhole } from './report.ts';
import { type FaultServer, startFaultServer } from './server.ts';
import { createAuthority, type TestAuthority } from './tls.ts';

/**
 * Deadlines, milliseconds: a short one where something is to end by it, and a long one where nothing should come near it. They
 * are an order of magnitude apart, so that a busy machine changes no result.
 */
export const deadlines = { short: 500, long: 5_000 } as const;
/** The limit for a connection where it is what is tested, milliseconds; elsewhere it is out of the way. */
export const connectMs = 200;

/** How a route uses the source that fails. */
export interface Setting {
  readonly name: string;
  /** The faulty source alone, or in the middle of four good ones. */
  readonly sources: 1 | 5;
  readonly optional: boolean;
}

/** Every row runs in each. */
const settings: readonly Setting[] = [
  { name: 'alone-required', sources: 1, optional: false },
  { name: 'alone-optional', sources: 1, optional: true },
  { name: 'five-required', sources: 5, optional: false },
  { name: 'five-optional', sources: 5, optional: true },
];

/** Those that the row (or story) of this index runs in: every one in `npm run faults`, else one, neighbours different ones. */
export const settingsOf = (index: number): readonly Setting[] =>
  isWhole ? settings : settings.filter((_setting, position) => position === index % settings.length);

/** What the good sources answer: bytes that parsing and writing again would change. */
const steadyAnswers = {
  a: '{"id":12345678901234567890,"price":1.10}',
  b: '[ 1 ,2.0, 3e0 ]',
  c: '{"z":1,"a":2,"__proto__":{"x":1},"a":3}',
  d: '"\\u00e9\\/"',
} as const;

/** An app that listens. */
export interface RunningApp {
  readonly origin: string;
  /** The finer cause of the faulty source's last failure, as it was logged. */
  reasonOf(route: string): string | undefined;
  close(): Promise<void>;
}

export interface FaultyRouteOptions {
  /** Default: the long one. */
  readonly deadline?: number;
  /** Default: gives an empty input. */
  readonly input?: (() => object) | undefined;
}

/** What the rows share: the good upstream, names, certificates, and the way to an app. */
export interface Lab {
  readonly steady: FaultServer;
  readonly names: NameServer;
  readonly authority: TestAuthority;
  /** A route of the good sources only. */
  steadyRoute(url: string): Route;
  /** A route with the faulty source called `fault`. */
  faultyRoute(url: string, setting: Setting, provider: Provider<object, unknown>, options?: FaultyRouteOptions): Route;
  start(routes: readonly Route[], options?: Partial<AppOptions>): Promise<RunningApp>;
  close(): Promise<void>;
}

/** Opens everything that is shared. */
export async function openLab(): Promise<Lab> {
  const steady = await startFaultServer(onRequest((socket, head) => socket.write(json(toSteadyAnswer(head)))));
  const names = await startNameServer(2_000);
  const authority = createAuthority();
  const upstream = defineUpstream({ name: 'steady', origin: `http://127.0.0.1:${steady.port}` });
  const good = (name: keyof typeof steadyAnswers) =>
    upstream.provider({ name, output: Type.Unknown(), request: () => ({ path: path`/${name}` }) });
  const [a, b, c, d] = [good('a'), good('b'), good('c'), good('d')];

  const toDraft = (url: string, deadline: number = deadlines.long) => {
    const route = defineRoute({ url, summary: url, deadline });
    return { route, source: (each: Provider<object, unknown>) => route.source(each, { input: () => ({}) }) };
  };

  function steadyRoute(url: string): Route {
    const { route, source } = toDraft(url);
    return route.merge({ a: source(a), b: source(b), c: source(c), d: source(d) });
  }

  function faultyRoute(
    url: string,
    { sources, optional }: Setting,
    provider: Provider<object, unknown>,
    options: FaultyRouteOptions = {},
  ) {
    const { route, source } = toDraft(url, options.deadline);
    const fault = route.source(provider, { input: options.input ?? (() => ({})), optional });
    if (sources === 1) return route.merge({ fault });
    return route.merge({ a: source(a), b: source(b), fault, c: source(c), d: source(d) });
  }

  async function start(routes: readonly Route[], options: Partial<AppOptions> = {}): Promise<RunningApp> {
    const transport = { connectMs: deadlines.long, ca: authority.cert, lookup: names.lookup, ...options.transport };
    const log = createLog();
    const { server } = await buildApp({
      ...options,
      routes: [...routes, steadyRoute('/warm-up')],
      transport,
      logger: log.logger,
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
    const origin = `http://127.0.0.1:${toPort(server.server)}`;
    await get(`${origin}/warm-up`); // code that runs for the first time takes its time
    return { origin, reasonOf: log.reasonOf, close: () => server.close() };
  }

  const close = async () => {
    await Promise.all([steady.close(), names.close()]);
  };
  return { steady, names, authority, steadyRoute, faultyRoute, start, close };
}

/** How the payload begins when the faulty source gave these bytes. */
export function toPayload({ sources }: Setting, fault: string): string {
  const { a, b, c, d } = steadyAnswers;
  return sources === 1
    ? `{"data":{"fault":${fault}}`
    : `{"data":{"a":${a},"b":${b},"fault":${fault},"c":${c},"d":${d}}`;
}

/** A log that remembers the last line of each route. */
function createLog() {
  const lines = new Map<string, string>();
  const write = (line: string) => {
    const { route } = JSON.parse(line) as { readonly route?: string }; // pino writes JSON
    if (route !== undefined) lines.set(route, line);
  };
  return {
    logger: pino({ level: 'info' }, { write }),
    reasonOf: (route: string) => /"fault":\{[^}]*"reason":"(\w+)"/.exec(lines.get(route) ?? '')?.[1],
  };
}

function toSteadyAnswer(head: string): string {
  const name = /^GET \/([abcd])/.exec(head)?.[1] ?? '';
  return name in steadyAnswers ? steadyAnswers[name as keyof typeof steadyAnswers] : '{}'; // it is one of its keys
}

const toPort = (server: Server): number => (server.address() as AddressInfo).port; // it listens on TCP
