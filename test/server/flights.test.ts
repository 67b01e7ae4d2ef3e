import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { buildApp } from '../../src/app.ts';
import type { Execution } from '../../src/engine/execute.ts';
import type { Failure } from '../../src/engine/failure.ts';
import type { SourceOutcome } from '../../src/engine/outcome.ts';
import type { PlannedSource } from '../../src/engine/plan.ts';
import { createScope } from '../../src/engine/scope.ts';
import { defineRoute, defineUpstream, path, Type } from '../../src/index.ts';
import { coalesce } from '../../src/policies/coalesce.ts';
import { createFlights, type Fly, type Passenger } from '../../src/server/flights.ts';
import { json, startUpstream } from './setup.ts';

const clientLeft: Failure = { code: 'cancelled', message: 'the client left', reason: 'client_left' };
const answer: SourceOutcome = { status: 'ok', value: 1, bytes: Buffer.from('1') };
const outOfTime: SourceOutcome = {
  status: 'failed',
  failure: { code: 'timeout', message: 'no answer within 500 ms', reason: 'deadline' },
};

/** A fan-out that took 100 ms. */
const toExecution = (outcome: SourceOutcome): Execution => {
  const source = { name: 'a' } as PlannedSource; // nothing else of it is looked at here
  return {
    reports: [{ name: 'a', source, outcome, durationMs: 100, attempts: 2, fallback: false }],
    complete: outcome.status === 'ok',
    failed: undefined,
  };
};

/** Flights, each fan-out that they made, in order, and requests that come when they are told. */
function setUp() {
  // Whole milliseconds, so that what lies between them is exact.
  let time = Math.ceil(performance.now());
  vi.spyOn(performance, 'now').mockImplementation(() => time);
  const flights = createFlights();
  const flown: { readonly of: Parameters<Fly>[0]; readonly end: (execution: Execution) => void }[] = [];
  const fly: Fly = (of, end) => void flown.push({ of, end });
  const come = (key = 'a') => {
    const passenger = { scope: createScope(), startedAt: time, hold: vi.fn<Passenger['hold']>(() => true) };
    const seen: { execution?: Execution } = {};
    flights.board(key, passenger, fly, (execution) => {
      seen.execution = execution;
    });
    return { ...passenger, seen };
  };
  const pass = (ms: number) => {
    time += ms;
  };
  return { come, flown, pass };
}

const toReport = ({ seen }: { readonly seen: { readonly execution?: Execution } }) => seen.execution?.reports[0];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('identical requests in flight', () => {
  it('are one fan-out; who joined reports no attempts, and the time since it came', async () => {
    const { come, flown, pass } = setUp();
    const first = come();
    pass(70);
    const second = come();
    const other = come('b');
    pass(30);
    flown[0]?.end(toExecution(answer));
    await nextTurn();
    expect(flown).toHaveLength(2);
    expect(toReport(first)).toMatchObject({ outcome: answer, attempts: 2, durationMs: 100 });
    expect(toReport(second)).toMatchObject({ outcome: answer, attempts: 0, durationMs: 30 });
    expect(first.seen.execution?.shared).toBe(second.seen.execution?.shared);
    expect(other.seen.execution).toBeUndefined();
  });

  it('keep nothing: who comes after the end begins another', async () => {
    const { come, flown } = setUp();
    come();
    flown[0]?.end(toExecution(answer));
    await nextTurn();
    come();
    expect(flown).toHaveLength(2);
  });

  it('are not disturbed by one that leaves, even the first, whose room for bytes goes with it', async () => {
    const { come, flown } = setUp();
    const [first, second] = [come(), come()];
    first.scope.abort(clientLeft);
    first.hold.mockReturnValue(false); // as admission does
    await nextTurn();
    expect(first.seen.execution).toMatchObject({ reports: [], complete: false });
    expect(flown[0]?.of.scope.failure).toBeUndefined();
    expect(flown[0]?.of.hold(10)).toBe(true);
    second.hold.mockReturnValue(false);
    expect(flown[0]?.of.hold(10)).toBe(false);
    flown[0]?.end(toExecution(answer));
    await nextTurn();
    expect(toReport(second)?.outcome).toBe(answer);
  });

  it('are cancelled when the last one leaves, which hears how that ended; who comes then begins another', async () => {
    const { come, flown } = setUp();
    const [first, second] = [come(), come()];
    second.scope.abort(clientLeft);
    first.scope.abort(clientLeft);
    expect(flown[0]?.of.scope.failure).toBe(clientLeft);
    const third = come();
    expect(flown).toHaveLength(2);
    flown[0]?.end(toExecution({ status: 'failed', failure: clientLeft }));
    flown[1]?.end(toExecution(answer));
    await nextTurn();
    expect(toReport(first)?.outcome).toMatchObject({ status: 'failed' });
    expect(toReport(third)?.outcome).toBe(answer);
  });

  it('go on by themselves where the first has run out of time, and they have some left', async () => {
    const { come, flown, pass } = setUp();
    const first = come();
    pass(400);
    const [second, third] = [come(), come()];
    pass(100);
    flown[0]?.end(toExecution(outOfTime));
    await nextTurn();
    expect(toReport(first)?.outcome).toBe(outOfTime);
    expect(flown.slice(1).map(({ of }) => of.scope)).toEqual([second.scope, third.scope]);
    flown[1]?.end(toExecution(answer));
    flown[2]?.end(toExecution(outOfTime));
    await nextTurn();
    expect([second, third].map(toReport)).toMatchObject([
      { outcome: answer, attempts: 2 },
      { outcome: outOfTime, attempts: 2 },
    ]);
  });

  it('are told some in each turn of the event loop, and one that leaves meanwhile hears of it', async () => {
    const { come, flown } = setUp();
    const all = Array.from({ length: 40 }, () => come());
    const told = () => all.filter(({ seen }) => seen.execution).length;
    flown[0]?.end(toExecution(answer));
    await Promise.resolve().then(() => Promise.resolve());
    const counts = [told()];
    all[39]?.scope.abort(clientLeft);
    while (told() < 40) {
      await nextTurn();
      counts.push(told());
    }
    expect(counts.length).toBeGreaterThan(2);
    expect(Math.max(...counts.map((count, index) => count - (counts[index - 1] ?? 0)))).toBeLessThanOrEqual(17);
    expect(all[39]?.seen.execution?.reports).toEqual([]);
  });
});

/** Two routes whose sources may be shared: the answers as they are, and what a function makes of one. */
async function startApp() {
  const release: (() => void)[] = [];
  const upstream = await startUpstream((response, seen) => {
    release.push(() => json({ url: seen.url })(response, seen));
  });
  const shop = defineUpstream({ name: 'shop', origin: upstream.origin, policies: [], forward: ['authorization'] });
  const params = Type.Object({ id: Type.String() });
  const any = { output: Type.Object({ url: Type.String() }), policies: [coalesce()] };
  const a = shop.provider({
    ...any,
    name: 'a',
    request: ({ id }: { readonly id: string }) => ({ path: path`/a/${id}` }),
  });
  const b = shop.provider({
    ...any,
    name: 'b',
    request: ({ id }: { readonly id: string }) => ({ path: path`/b/${id}` }),
  });
  const input = ({ params: given }: { readonly params: { readonly id: string } }) => given;
  const page = defineRoute({ url: '/pages/:id', summary: 'A page', params });
  const made = defineRoute({ url: '/made/:id', summary: 'A page that is made', params });
  const make = vi.fn(({ a: { url } }: { readonly a: { readonly url: string } }) => ({ made: url }));
  const { server } = await buildApp({
    routes: [
      page.merge({ a: page.source(a, { input }), b: page.source(b, { input }) }),
      made.merge({ a: made.source(a, { input }) }, Type.Object({ made: Type.String() }), make),
    ],
  });
  onTestFinished(() => server.close());
  /** Asks, and lets the request come to the server. */
  const ask = async (url: string, headers: Readonly<Record<string, string>> = {}) => {
    const answered = server.inject({ url, headers });
    for (let turns = 0; turns < 5; turns += 1) await nextTurn();
    return { answered };
  };
  const urls = () => upstream.seen.map(({ url }) => url).toSorted();
  return { ask, upstream, urls, make, releaseAll: () => release.splice(0).forEach((answerOne) => answerOne()) };
}

test('a route of nothing but coalesced sources is answered together: also by what had come before', async () => {
  const { ask, upstream, urls, releaseAll } = await startApp();
  const first = await ask('/pages/1');
  await upstream.arrived(2);
  const joined = [await ask('/pages/1'), await ask('/pages/1'), await ask('/pages/1?unknown=1')];
  const others = [await ask('/pages/2'), await ask('/pages/1', { authorization: 'Basic YQ==' })];
  await upstream.arrived(6);
  releaseAll();
  const data = { a: { url: '/a/1' }, b: { url: '/b/1' } };
  expect((await first.answered).json()).toMatchObject({ data, complete: true, sources: { a: { attempts: 1 } } });
  for (const { answered } of joined)
    expect((await answered).json()).toMatchObject({ data, complete: true, sources: { a: { attempts: 0 } } });
  for (const { answered } of others) expect((await answered).json()).toMatchObject({ sources: { a: { attempts: 1 } } });
  expect(urls()).toEqual(['/a/1', '/a/1', '/a/2', '/b/1', '/b/1', '/b/2']);
});

test('a merge function makes one payload for all who share it', async () => {
  const { ask, upstream, releaseAll, make } = await startApp();
  const all = [await ask('/made/1'), await ask('/made/1'), await ask('/made/1')];
  await upstream.arrived(1);
  releaseAll();
  const answers = await Promise.all(all.map(({ answered }) => answered));
  expect(answers.map((each) => each.json().data)).toEqual(Array.from({ length: 3 }, () => ({ made: '/a/1' })));
  expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(3);
  expect(make).toHaveBeenCalledTimes(1);
});
