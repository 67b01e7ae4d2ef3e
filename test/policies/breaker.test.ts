import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { type FailureCode, failures } from '../../src/engine/failure.ts';
import { failed, type Outcome } from '../../src/engine/outcome.ts';
import { type BreakerOptions, breaker } from '../../src/policies/breaker.ts';
import {
  answer,
  clientLeft,
  codeOf,
  createContext,
  createManualUpstream,
  createUpstream,
  itKeepsTheHouseRules,
  notFound,
  settle,
  unavailable,
  unreachable,
  watch,
} from './support.ts';

/** A breaker around an upstream in the hands of the test. */
function createBroken(options: BreakerOptions = {}) {
  const upstream = createManualUpstream();
  const shop = createUpstream();
  const call = breaker(options)(upstream.call, shop.info());
  const start = (deadlineMs = 1_000) => {
    const context = createContext({ deadlineMs });
    return { context, watched: watch(call, context) };
  };
  /** Makes calls one after the other; gives how each ended. */
  async function run(outcomes: readonly Outcome<string>[]) {
    const codes: (string | undefined)[] = [];
    for (const outcome of outcomes) {
      const sent = upstream.sent.length;
      const { watched } = start();
      if (upstream.sent.length > sent) upstream.sent.at(-1)?.end(outcome);
      await settle();
      codes.push(codeOf(watched.outcome));
    }
    return codes;
  }
  return { upstream, shop, start, run, events: () => shop.events.map(({ type }) => type) };
}

const times = (count: number, outcome: Outcome<string>) => Array<Outcome<string>>(count).fill(outcome);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5); // open times are exact: no jitter
});

describe('a closed breaker', () => {
  itKeepsTheHouseRules(() => breaker());

  it('opens when half of at least 20 calls have failed, and then fails at once', async () => {
    const { run, upstream, shop } = createBroken();
    await run([...times(10, answer), ...times(9, unavailable)]);
    expect(shop.snapshot()).toEqual({ circuit: 'closed' });
    await run([unavailable]);
    expect(shop.snapshot()).toEqual({ circuit: 'open' });
    expect(shop.events).toEqual([
      { type: 'breaker_opened', upstream: 'shop', why: 'failures', openMs: 5_000, calls: 20, failures: 10 },
    ]);
    expect(await run([answer])).toEqual(['circuit_open']);
    expect(upstream.sent).toHaveLength(20);
  });

  it('stays closed below 20 calls, and below half', async () => {
    const few = createBroken();
    await few.run(times(19, unavailable));
    const most = createBroken();
    await most.run([...times(51, answer), ...times(49, unavailable)]);
    expect([...few.events(), ...most.events()]).toEqual([]);
  });

  it('forgets what is older than its window', async () => {
    const { run, events } = createBroken();
    await run(times(19, unavailable));
    await vi.advanceTimersByTimeAsync(10_000);
    await run(times(19, unavailable));
    expect(events()).toEqual([]);
  });

  it('opens when nobody was there five times in a row, however few calls there are', async () => {
    const { run, shop } = createBroken();
    await run([...times(4, unreachable), notFound, ...times(4, unreachable), answer, ...times(4, unreachable)]);
    expect(shop.events).toEqual([]);
    await run([unreachable]);
    expect(shop.events).toMatchObject([{ type: 'breaker_opened', why: 'unreachable' }]);
  });

  // The keys of the table are the codes.
  it.each(Object.keys(failures) as FailureCode[])('counts %s as the failure table says', async (code) => {
    const { run, events } = createBroken();
    await run(times(20, failed(code, 'x')));
    expect(events()).toEqual(failures[code].counts ? ['breaker_opened'] : []);
  });

  it('counts a 4xx, a local refusal and a cancelled call neither for nor against', async () => {
    const { run, shop } = createBroken();
    const neither = [notFound, failed('saturated', 'x'), failed('cancelled', 'x'), failed('circuit_open', 'x')];
    await run([...neither, ...neither, ...times(19, unavailable), ...neither]);
    expect(shop.events).toEqual([]);
    await run([unavailable]);
    expect(shop.events).toMatchObject([{ calls: 20, failures: 20 }]);
  });

  it('has one state for all providers of an upstream, and another for each upstream', async () => {
    const policy = breaker();
    const upstream = createManualUpstream();
    const [shop, other] = [createUpstream(), createUpstream()];
    const first = policy(upstream.call, shop.info({ provider: 'first' }));
    const second = policy(upstream.call, shop.info({ provider: 'second' }));
    for (let i = 0; i < 5; i += 1) {
      void first('a', createContext());
      upstream.sent.at(-1)?.end(unreachable);
      await settle();
    }
    expect(codeOf(await second('a', createContext()))).toBe('circuit_open');
    watch(policy(upstream.call, other.info()), createContext());
    expect(upstream.sent).toHaveLength(6);
  });
});

describe('an open breaker', () => {
  /** Opened at time 0 of the test. */
  async function createOpened(options: BreakerOptions = {}) {
    const opened = createBroken(options);
    await opened.run(times(5, unreachable));
    return opened;
  }

  it('lets probes through after its time, three at most, and closes when they succeed', async () => {
    const { upstream, start, run, events } = await createOpened();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(await run([answer])).toEqual(['circuit_open']);
    await vi.advanceTimersByTimeAsync(1);
    const probes = [start(), start(), start()];
    const refused = start();
    await settle();
    expect(codeOf(refused.watched.outcome)).toBe('circuit_open');
    expect(upstream.sent).toHaveLength(5 + 3);
    for (const probe of upstream.sent.slice(5)) probe.end(answer);
    await settle();
    expect(probes.map(({ watched }) => watched.outcome)).toEqual([answer, answer, answer]);
    expect(events()).toEqual(['breaker_opened', 'breaker_half_open', 'breaker_closed']);
    expect(await run(times(10, answer))).toEqual(Array(10).fill('ok'));
  });

  it('opens again when a probe fails, twice as long each time, up to the limit', async () => {
    const { run, shop } = await createOpened();
    for (let i = 0; i < 6; i += 1) {
      await vi.advanceTimersByTimeAsync(60_000);
      await run([unavailable]);
    }
    const opened = shop.events.filter(({ type }) => type === 'breaker_opened');
    expect(opened.map(({ openMs }) => openMs)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
    await vi.advanceTimersByTimeAsync(60_000);
    await run([answer, answer, answer, ...times(5, unreachable)]);
    expect(shop.events.at(-1)).toMatchObject({ type: 'breaker_opened', openMs: 5_000 });
  });

  it('stays open 20 % shorter or longer, by chance', async () => {
    vi.mocked(Math.random).mockReturnValue(0);
    const soon = await createOpened();
    vi.mocked(Math.random).mockReturnValue(1);
    const late = await createOpened();
    expect([soon, late].map(({ shop }) => shop.events[0]?.['openMs'])).toEqual([4_000, 6_000]);
  });

  it('takes any answer for a sign of life: an upstream that only says 404 closes it', async () => {
    const { run, events } = await createOpened();
    await vi.advanceTimersByTimeAsync(5_000);
    await run(times(3, notFound));
    expect(events().at(-1)).toBe('breaker_closed');
  });

  it('gives the place of a cancelled probe to the next', async () => {
    const { upstream, start, events } = await createOpened();
    await vi.advanceTimersByTimeAsync(5_000);
    for (let i = 0; i < 10; i += 1) {
      const { context, watched } = start();
      context.scope.abort(clientLeft);
      await settle();
      expect(watched.outcome).toEqual({ status: 'failed', failure: clientLeft });
    }
    expect(upstream.sent).toHaveLength(5 + 10);
    expect(events()).toEqual(['breaker_opened', 'breaker_half_open']);
  });

  it('does not stick half-open when probes never end: they are lost at their deadline', async () => {
    const { upstream, start, run, events } = await createOpened();
    await vi.advanceTimersByTimeAsync(5_000);
    for (let i = 0; i < 3; i += 1) start(800);
    await vi.advanceTimersByTimeAsync(799);
    expect(await run([answer])).toEqual(['circuit_open']);
    expect(events().at(-1)).toBe('breaker_half_open');
    await vi.advanceTimersByTimeAsync(1);
    expect(await run([answer])).toEqual(['circuit_open']);
    expect(events().at(-1)).toBe('breaker_opened');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await run(times(2, answer))).toEqual(['ok', 'ok']);
    for (const late of upstream.sent.slice(5, 8)) late.end(unavailable);
    expect(await run([answer])).toEqual(['ok']);
    expect(events().at(-1)).toBe('breaker_closed');
  });

  it('lets no more through than have to succeed yet', async () => {
    const { upstream, start, run } = await createOpened();
    await vi.advanceTimersByTimeAsync(5_000);
    await run([answer, answer]);
    start();
    expect(await run([answer])).toEqual(['circuit_open']);
    expect(upstream.sent).toHaveLength(5 + 3);
  });

  it('is not impressed by how calls end that were sent before it opened', async () => {
    const { upstream, start, events } = createBroken();
    for (let i = 0; i < 15; i += 1) start();
    for (const attempt of upstream.sent.slice(0, 10)) attempt.end(unreachable);
    await settle();
    expect(events()).toEqual(['breaker_opened']);
    await vi.advanceTimersByTimeAsync(5_000);
    start();
    for (const attempt of upstream.sent.slice(10, 15)) attempt.end(unreachable);
    await settle();
    expect(events()).toEqual(['breaker_opened', 'breaker_half_open']);
  });

  it('starts anew when it closes, whatever it has seen before', async () => {
    const { run, events } = createBroken();
    await run(times(20, unavailable));
    await vi.advanceTimersByTimeAsync(5_000);
    await run([...times(3, answer), answer]);
    expect(events().at(-1)).toBe('breaker_closed');
    await run(times(5, unreachable));
    await vi.advanceTimersByTimeAsync(5_000);
    await run([...times(3, answer), unreachable]);
    expect(events().at(-1)).toBe('breaker_closed');
  });
});

it.each([
  { windowMs: 0 },
  { openMs: Number.NaN },
  { minCalls: 0 },
  { probes: 1.5 },
  { failureShare: 0 },
  { failureShare: 2 },
])('a breaker refuses %o', (options) => {
  expect(() => breaker(options)).toThrow(DefinitionError);
});
