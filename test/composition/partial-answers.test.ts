import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { expect, test, vi } from 'vitest';
import type { Failure } from '../../src/engine/failure.ts';
import { defineRoute } from '../../src/engine/route.ts';
import type { SourceReport } from '../../src/engine/run.ts';
import { createScope, type Scope } from '../../src/engine/scope.ts';
import { clientLeft, createFanOut, type Ended, type FanOut } from '../support/fan-out.ts';
import { anyScenario, fallback, type Scenario, toPayloadSchema, toProvider, toReply, toRoute } from './random-route.ts';

interface Seen extends Ended {
  readonly scenario: Scenario;
  readonly fanOut: FanOut;
  /** Listeners on the scope of the client, after the end. */
  readonly listeners: number;
}

/** Runs any scenario and shows what came of it. */
const forAny = (look: (seen: Seen) => void | Promise<void>, hasFunction = false) =>
  fc.assert(
    fc.asyncProperty(anyScenario, async (scenario) => {
      vi.useFakeTimers();
      const fanOut = createFanOut(toRoute(scenario, hasFunction), (path) => toReply(scenario, path));
      const client = createCountedScope();
      const scope = createScope(client.scope);
      const { deadlineMs, leaveAfterMs, strict } = scenario;
      const leaving = leaveAfterMs === undefined ? {} : { leaveAfterMs };
      const ended = await fanOut.run({ scope, deadlineMs, strict, ...leaving });
      await look({ ...ended, scenario, fanOut, listeners: client.count() });
    }),
    { numRuns: 200 },
  );

// Hundreds of runs each: seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

test('every source has exactly one outcome, in the order of the plan', () =>
  forAny(({ execution, fanOut: { plan } }) => {
    expect(execution.reports.map(({ name }) => name)).toEqual(plan.sources.map(({ name }) => name));
    for (const { outcome } of execution.reports) expect(['ok', 'failed', 'skipped']).toContain(outcome.status);
  }));

test('the answer is complete exactly when nothing failed and nothing was skipped for a failure', () =>
  forAny(({ execution, reports }) => {
    const isLost = ({ outcome }: SourceReport): boolean => {
      if (outcome.status !== 'skipped') return outcome.status === 'failed';
      const need = reports[outcome.because];
      return need !== undefined && isLost(need);
    };
    expect(execution.complete).toBe(!execution.reports.some(isLost));
  }));

test('there is no payload exactly when a required source failed, or any where handling is strict', () =>
  forAny(({ execution, scenario: { strict } }) => {
    const fatal = execution.reports.filter(
      ({ outcome, source }) => outcome.status === 'failed' && (strict || !source.optional),
    );
    expect(fatal.length > 0 ? fatal : [undefined]).toContain(execution.failed);
  }));

test('what still runs is no longer needed only when a failure leaves no payload', () =>
  forAny(({ execution }) => {
    const notNeeded = execution.reports.filter(
      ({ outcome }) => outcome.status === 'failed' && outcome.failure.reason === 'not_needed',
    );
    expect(execution.failed ? [] : notNeeded).toEqual([]);
  }));

test('it ends by the deadline, when the client leaves at the latest, and says which it was', () =>
  forAny(({ execution, elapsedMs, scenario: { deadlineMs, leaveAfterMs = Number.POSITIVE_INFINITY } }) => {
    expect(elapsedMs).toBeLessThanOrEqual(Math.min(deadlineMs, leaveAfterMs));
    const ends = execution.reports.flatMap(({ outcome }) => {
      if (outcome.status !== 'failed') return [];
      if (outcome.failure === clientLeft) return [leaveAfterMs];
      return outcome.failure.reason === 'deadline' ? [deadlineMs] : [];
    });
    for (const end of ends) expect(elapsedMs).toBe(end);
  }));

test('it ends with the source that leaves no payload, or with the last one', () =>
  forAny((seen) => {
    const { execution, elapsedMs } = seen;
    const { endOf } = toTimes(seen);
    const ends = (execution.failed ? [execution.failed] : execution.reports).map(({ name }) => endOf(name));
    expect(elapsedMs).toBe(Math.max(...ends));
  }));

test('nothing is left behind: no timer, no listener, no open request, and nothing happens any more', () =>
  forAny(async ({ execution, fanOut: { upstreams }, listeners }) => {
    expect(vi.getTimerCount()).toBe(0);
    expect(listeners).toBe(0);
    for (const { end } of upstreams.requests) expect(end).toBeDefined();
    const [before, sent] = [JSON.stringify(execution), upstreams.requests.length];

    await vi.advanceTimersByTimeAsync(1_000);

    expect(JSON.stringify(execution)).toBe(before);
    expect(upstreams.requests).toHaveLength(sent);
  }));

test('a source starts in the moment of its last need’s answer, and what is skipped never starts', () =>
  forAny((seen) => {
    const { execution, fanOut } = seen;
    const { startOf } = toTimes(seen);
    for (const { name, outcome, attempts } of execution.reports) {
      const sent = fanOut.upstreams.requests.filter(({ path }) => path.startsWith(`/${name}/`));
      expect(sent).toHaveLength(attempts);
      expect(outcome.status === 'skipped' ? sent : []).toEqual([]);
      for (const { sentAt } of sent) expect(sentAt).toBe(startOf(name));
    }
  }));

test('a skipped source names a need without a value, or its condition', () =>
  forAny(({ execution, reports }) => {
    for (const { outcome, source } of execution.reports) {
      if (outcome.status !== 'skipped' || outcome.because === 'condition') continue;
      expect(source.needs.map(({ alias }) => alias)).toContain(outcome.because);
      const need = reports[outcome.because];
      expect(need?.outcome.status).not.toBe('ok');
      expect(need?.fallback).toBe(false);
    }
  }));

test('answers that came are byte for byte what they are alone, and the rest is a fallback or null', () =>
  forAny(async ({ execution, fanOut, text, scenario }) => {
    if (execution.failed) return;
    const parts: string[] = [];
    for (const report of execution.reports.slice(0, fanOut.plan.merged)) {
      parts.push(`"${report.name}":${await toExpected(report, fanOut, scenario)}`);
    }
    expect(text().startsWith(`{"data":{${parts.join(',')}},"complete":${execution.complete},"sources":{`)).toBe(true);
  }));

test.each([false, true])('the payload matches its schema (with a merge function: %s)', (hasFunction) =>
  forAny(({ execution, fanOut: { plan }, text, scenario }) => {
    if (execution.failed) return;
    const names = plan.sources.slice(0, plan.merged).map(({ name }) => name);
    // What goes through a merge function has lost the field that the provider's schema does not know.
    const schema = toPayloadSchema(scenario, names, !hasFunction);
    const { data } = JSON.parse(text()) as { readonly data: unknown };
    expect(Compile(schema).Errors(data)).toEqual([]);
  }, hasFunction),
);

/** When each source can have started at the earliest, and when it then ended. */
function toTimes({ reports, fanOut: { plan } }: Seen) {
  const needsOf = new Map(plan.sources.map(({ name, needs }) => [name, needs.map(({ alias }) => alias)]));
  const startOf = (name: string): number => Math.max(0, ...(needsOf.get(name) ?? []).map(endOf));
  const endOf = (name: string): number => startOf(name) + (reports[name]?.durationMs ?? 0);
  return { startOf, endOf };
}

/** The bytes that a report stands for, from a route that has this source only. */
async function toExpected(
  { name, outcome, fallback: isFallback }: SourceReport,
  { upstreams }: FanOut,
  scenario: Scenario,
) {
  if (isFallback) return JSON.stringify(fallback);
  if (outcome.status !== 'ok') return 'null';
  const [, , input = ''] = upstreams.requests.find(({ path }) => path.startsWith(`/${name}/`))?.path.split('/') ?? [];
  const route = defineRoute({ url: '/v1/alone', summary: 'One source' });
  const alone = route.source(toProvider({ name, end: 'ok' }), { input: () => input });
  const { text } = await createFanOut(route.merge({ alone }), (path) => toReply(scenario, path)).run();
  return text().slice('{"data":{"alone":'.length, text().indexOf('},"complete":true'));
}

/** A live scope that counts its listeners. */
function createCountedScope(): { readonly scope: Scope; readonly count: () => number } {
  const scope = createScope();
  const listeners = new Set<(failure: Failure) => void>();
  const onAbort = (listener: (failure: Failure) => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return { scope: { ...scope, onAbort }, count: () => listeners.size };
}
