import { type Static, type TSchema, Type } from 'typebox';
import { vi } from 'vitest';
import { createBinding } from '../../src/engine/bind.ts';
import type { Policy, RequestFacts } from '../../src/engine/call.ts';
import { compileEnvelope } from '../../src/engine/envelope.ts';
import { type Execution, execute } from '../../src/engine/execute.ts';
import type { Failure } from '../../src/engine/failure.ts';
import { path } from '../../src/engine/path.ts';
import { compilePlan, type Plan } from '../../src/engine/plan.ts';
import { defineUpstream, type Provider, type RunContext } from '../../src/engine/provider.ts';
import type { Route, RouteRequest } from '../../src/engine/route.ts';
import type { SourceReport } from '../../src/engine/run.ts';
import { createScope, type OwnedScope } from '../../src/engine/scope.ts';
import { createFakeUpstreams, type FakeUpstreams, type Script } from './transport.ts';

/** An upstream without policies. */
export const shop = defineUpstream({ name: 'shop', origin: 'https://shop.example.com', policies: [] });

/** A provider that asks the shop for `/<name>`. */
export const askFor = <S extends TSchema>(
  name: string,
  output: S,
  policies: readonly Policy[] = [],
): Provider<unknown, Static<S>> => shop.provider({ name, output, policies, request: () => ({ path: path`/${name}` }) });

/** The same, and any JSON will do. */
export const ask = (name: string, policies: readonly Policy[] = []): Provider<unknown, unknown> =>
  askFor(name, Type.Unknown(), policies);

/** A provider of the shop that is no request. */
export const compute = (
  name: string,
  run: (input: unknown, context: RunContext) => unknown,
  policies: readonly Policy[] = [],
): Provider<unknown, unknown> => shop.provider({ name, output: Type.Unknown(), policies, run });

/** Source options for a provider that needs no input. */
export const plain = { input: () => null };

/** The facts of a request that nothing depends on. */
export const facts: RequestFacts = {
  requestId: 'r-1',
  traceId: '0'.repeat(31).concat('1'),
  traceFlags: '00',
  isRetry: false,
};

/** Why a scope is aborted when the client has left. */
export const clientLeft: Failure = { code: 'cancelled', message: 'the client left', reason: 'client_left' };

/** What one run may change. */
export interface RunOptions {
  readonly request?: Partial<RouteRequest>;
  readonly deadlineMs?: number;
  readonly strict?: boolean;
  /** Aborts the scope so many milliseconds after the start. */
  readonly leaveAfterMs?: number;
  readonly scope?: OwnedScope;
}

/** What one run came to. */
export interface Ended {
  readonly execution: Execution;
  /** From the start of the fan-out to its end. */
  readonly elapsedMs: number;
  readonly reports: Readonly<Record<string, SourceReport>>;
  /** The whole envelope as text; throws when the merge failed. */
  readonly text: () => string;
}

/** A bound route over fake upstreams. */
export interface FanOut {
  readonly plan: Plan;
  readonly upstreams: FakeUpstreams;
  /** Runs one request to its end, letting fake time pass as far as it needs. */
  readonly run: (options?: RunOptions) => Promise<Ended>;
}

/** Binds a route to fake upstreams. Needs `vi.useFakeTimers()`. */
export function createFanOut(route: Route, script: Script = {}): FanOut {
  const upstreams = createFakeUpstreams(script);
  const standard = { provider: [], upstream: [] };
  const plan = compilePlan(route, createBinding({ connect: upstreams.connect, standard, emit: () => {} }));
  const envelope = compileEnvelope(plan);

  async function run({
    request,
    deadlineMs = plan.deadlineMs,
    strict = false,
    leaveAfterMs,
    scope = createScope(),
  }: RunOptions = {}) {
    const incoming: RouteRequest = { params: {}, query: {}, headers: {}, body: undefined, ...request };
    const startedAt = performance.now();
    const leaving = leaveAfterMs === undefined ? undefined : setTimeout(() => scope.abort(clientLeft), leaveAfterMs);
    let ended: { readonly execution: Execution; readonly elapsedMs: number } | undefined;
    void execute(plan, incoming, { scope, deadlineMs, request: facts, strict }).then((execution) => {
      ended = { execution, elapsedMs: performance.now() - startedAt };
      clearTimeout(leaving);
    });
    while (!ended) await vi.advanceTimersToNextTimerAsync();

    const { execution, elapsedMs } = ended;
    const reports = Object.fromEntries(execution.reports.map((report) => [report.name, report]));
    const text = () => {
      const written = envelope.write(execution, incoming);
      if ('failure' in written) throw new Error(written.failure.message, { cause: written.failure.cause });
      return written.text.toString();
    };
    return { execution, elapsedMs, reports, text };
  }

  return { plan, upstreams, run };
}
