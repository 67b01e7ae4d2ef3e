/** The server under test, a process of its own. It serves the routes that it is told, with the policies that it is told. */
import { pino } from 'pino';
import { buildApp } from '../../src/app.ts';
import { defineRoute, defineUpstream, path, type Route, Type, type Upstream } from '../../src/index.ts';
import { type StandardOptions, standard } from '../../src/policies/standard.ts';
import { collectInTime, tuneV8 } from '../../src/server/v8.ts';
import { answerQuestions } from '../child.ts';

/** A route and the upstreams that it calls, by name. */
export interface RouteSetup {
  readonly url: string;
  /** Milliseconds. */
  readonly deadline: number;
  readonly required?: readonly string[];
  readonly optional?: readonly string[];
  /** Answers are parsed, checked and mapped; otherwise they are passed on as they are. */
  readonly typed?: boolean;
}

/** What the server is made of. */
export interface ServerSetup {
  readonly routes: readonly RouteSetup[];
  /** What differs from the recommended policies. */
  readonly policies?: StandardOptions;
  /** Aggregations at once. Default 2,000: no play is about them. */
  readonly maxInFlight?: number;
}

/** A change of a breaker, as it was logged. */
export interface BreakerEvent {
  readonly type: string;
  readonly upstream: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

// As the process `confluo` does.
tuneV8();

const events: BreakerEvent[] = [];

/** Nothing here handles a rejection or an exception: one that nobody else handles ends the process. */
const questions = {
  /** Opens a port and tells it. */
  listen: async (
    origins: Readonly<Record<string, string>>,
    { routes, policies, maxInFlight = 2_000 }: ServerSetup,
  ): Promise<number> => {
    const upstreams = new Map(
      Object.entries(origins).map(([name, origin]) => [name, defineUpstream({ name, origin })]),
    );
    const { server } = await buildApp({
      routes: toRoutes(routes, upstreams),
      policies: standard(policies),
      // All clients have one address here, and some plays want more of them than a server takes.
      limits: { maxConnectionsPerAddress: 10_000, maxRequestsPerConnection: 1_000_000 },
      admission: { maxInFlight },
      logger: pino({ level: 'warn' }, { write: onLine }),
    });
    collectInTime(server.server);
    return Number(
      new URL(await server.listen({ port: 0, host: '127.0.0.1', backlog: server.server.maxConnections })).port,
    );
  },
  /** The most memory that was ever resident, bytes. */
  peakRss: (): number => process.resourceUsage().maxRSS * 1_024,
  breakerEvents: (): readonly BreakerEvent[] => events,
};

export type ServerQuestions = typeof questions;
answerQuestions(questions);

function onLine(line: string): void {
  const event = JSON.parse(line) as Partial<BreakerEvent>; // pino writes JSON
  if (event.type?.startsWith('breaker_')) events.push(event as BreakerEvent); // the engine's events have these fields
}

const Items = Type.Object({ items: Type.Array(Type.Unknown()) });
const Sizes = Type.Record(Type.String(), Type.Integer());

function toRoutes(setups: readonly RouteSetup[], upstreams: ReadonlyMap<string, Upstream>): readonly Route[] {
  const request = () => ({ path: path`/` });
  const any = new Map(
    [...upstreams].map(([name, upstream]) => [
      name,
      upstream.provider({ name: 'any', output: Type.Unknown(), request }),
    ]),
  );
  const typed = new Map(
    [...upstreams].map(([name, upstream]) => [name, upstream.provider({ name: 'typed', output: Items, request })]),
  );

  return setups.map(({ url, deadline, required = [], optional = [], typed: isTyped = false }) => {
    const route = defineRoute({ url, summary: url, deadline });
    const input = () => ({});
    const toSource = (name: string, isOptional: boolean) => {
      const provider = (isTyped ? typed : any).get(name);
      if (!provider) throw new Error(`${url}: no upstream is called ${name}`);
      return [name, route.source(provider, { input, optional: isOptional })] as const;
    };
    const sources = Object.fromEntries([
      ...required.map((name) => toSource(name, false)),
      ...optional.map((name) => toSource(name, true)),
    ]);
    if (!isTyped) return route.merge(sources);
    return route.merge(sources, Sizes, (answers) =>
      Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, toSize(answer)])),
    );
  });
}

/** What a page would do with a list: look at it and take some of it. */
const toSize = (answer: unknown): number =>
  typeof answer === 'object' && answer !== null && 'items' in answer && Array.isArray(answer.items)
    ? answer.items.length
    : -1;
