import fc from 'fast-check';
import { beforeEach, expect, it, vi } from 'vitest';
import type { Call } from '../../src/engine/call.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import { breaker } from '../../src/policies/breaker.ts';
import {
  answer,
  clientLeft,
  codeOf,
  createContext,
  createManualUpstream,
  createUpstream,
  notFound,
  type Sent,
  settle,
  type TestContext,
  type TestUpstream,
  type Upstream,
  unavailable,
  unreachable,
  watch,
} from './support.ts';

/** What the model knows: only what can be seen from outside. */
interface Model {
  circuit: 'closed' | 'open' | 'half_open';
  /** Attempts let through since the circuit became half-open and neither cancelled nor refused by the upstream. */
  readonly probes: Set<Sent>;
}

interface Real {
  readonly upstream: Upstream;
  readonly shop: TestUpstream;
  readonly call: Call<string, string>;
  readonly contexts: Map<Sent, TestContext>;
}

type Command = fc.AsyncCommand<Model, Real>;

/** The circuit as its events tell it. */
const stateOf = ({ events }: TestUpstream): Model['circuit'] => {
  const last = events.at(-1)?.type;
  return last === 'breaker_opened' ? 'open' : last === 'breaker_half_open' ? 'half_open' : 'closed';
};

/** Follows the events, and holds what is true after any step. */
function follow(model: Model, { shop, upstream }: Real): void {
  const circuit = stateOf(shop);
  if (circuit !== model.circuit) model.probes.clear();
  model.circuit = circuit;
  expect(shop.snapshot()).toEqual({ circuit });
  const last = upstream.sent.at(-1);
  if (circuit === 'half_open' && last?.isOpen) model.probes.add(last);
  expect(model.probes.size).toBeLessThanOrEqual(3);
}

/** A call arrives, with so long to its deadline. */
const callWith = (deadlineMs: number): Command => ({
  check: () => true,
  async run(model, real) {
    const { upstream, contexts, call } = real;
    const sent = upstream.sent.length;
    const context = createContext({ deadlineMs });
    const watched = watch(call, context);
    await settle();
    const attempt = upstream.sent[sent];
    if (attempt) contexts.set(attempt, context);
    expect(codeOf(watched.outcome)).toBe(attempt ? undefined : 'circuit_open');
    const isFull = model.circuit === 'half_open' && model.probes.size === 3;
    if (isFull || model.circuit === 'closed') expect(attempt !== undefined).toBe(!isFull);
    follow(model, real);
  },
  toString: () => `call(${deadlineMs})`,
});

/** One of the open attempts ends. */
const endWith = (pick: number, outcome: Outcome<string>): Command => ({
  check: () => true,
  async run(model, real) {
    const open = real.upstream.sent.filter(({ isOpen }) => isOpen);
    const attempt = open[pick % Math.max(1, open.length)];
    attempt?.end(outcome);
    await settle();
    follow(model, real);
  },
  toString: () => `end(${pick}, ${codeOf(outcome)})`,
});

/** The client of one of the open attempts leaves: its probe's place is free again. */
const cancel = (pick: number): Command => ({
  check: () => true,
  async run(model, real) {
    const open = real.upstream.sent.filter(({ isOpen }) => isOpen);
    const attempt = open[pick % Math.max(1, open.length)];
    if (attempt) {
      real.contexts.get(attempt)?.scope.abort(clientLeft);
      model.probes.delete(attempt);
    }
    await settle();
    follow(model, real);
  },
  toString: () => `cancel(${pick})`,
});

const wait = (ms: number): Command => ({
  check: () => true,
  async run(model, real) {
    await vi.advanceTimersByTimeAsync(ms);
    follow(model, real);
  },
  toString: () => `wait(${ms})`,
});

const calls = fc.oneof(fc.constant(1_000), fc.nat(3_000)).map(callWith);
const waits = fc.oneof(fc.nat(1_000), fc.integer({ min: 4_000, max: 80_000 })).map(wait);
const cancellations = fc.nat(20).map(cancel);
const endings = (...outcomes: readonly Outcome<string>[]) =>
  fc.tuple(fc.nat(20), fc.constantFrom(...outcomes)).map(([pick, outcome]) => endWith(pick, outcome));

/** A breaker that has just opened: what happens from then on is what there is to find out. */
async function createReal(): Promise<Real> {
  const upstream = createManualUpstream();
  const shop = createUpstream();
  // Few enough calls that random ones open it again.
  const call = breaker({ minCalls: 4 })(upstream.call, shop.info());
  for (let i = 0; i < 5; i += 1) {
    watch(call, createContext());
    upstream.sent.at(-1)?.end(unreachable);
    await settle();
  }
  expect(stateOf(shop)).toBe('open');
  return { upstream, shop, call, contexts: new Map() };
}

const runModel = (commands: Iterable<Command>, real: Real) =>
  fc.asyncModelRun<Model, Real, false, Model>(
    () => ({ model: { circuit: 'open', probes: new Set() }, real }),
    commands,
  );

beforeEach(() => {
  vi.useFakeTimers();
});

it('lets three probes through, loses none of their places, and recovers, whatever happens', async () => {
  const every = [calls, calls, endings(answer, notFound, unavailable, unreachable), cancellations, waits];
  await fc.assert(
    fc.asyncProperty(fc.commands(every, { maxCommands: 60 }), async (commands) => {
      const real = await createReal();
      await runModel(commands, real);
      // However it was left: everything ends somehow, time passes, and the upstream is well.
      for (const context of real.contexts.values()) context.scope.abort(clientLeft);
      await vi.advanceTimersByTimeAsync(72_000);
      for (let i = 0; i < 3; i += 1) {
        const watched = watch(real.call, createContext());
        real.upstream.sent.at(-1)?.end(answer);
        await settle();
        expect(watched.outcome).toBe(answer);
      }
      expect(stateOf(real.shop)).toBe('closed');
    }),
    { numRuns: 200 },
  );
});

it('sends a dead upstream three calls at most for each time it is open, not counting those that were cancelled', async () => {
  const dead = [calls, calls, calls, endings(unavailable, unreachable), cancellations, waits];
  await fc.assert(
    fc.asyncProperty(fc.commands(dead, { maxCommands: 80 }), async (commands) => {
      const real = await createReal();
      const openedAt = () => real.shop.events.filter(({ type }) => type === 'breaker_opened').length;
      const perInterval = new Map<number, Sent[]>();
      const counted: Call<string, string> = (input, context) => {
        const sent = real.upstream.sent.length;
        const ended = real.call(input, context);
        const attempt = real.upstream.sent[sent];
        if (attempt) perInterval.set(openedAt(), [...(perInterval.get(openedAt()) ?? []), attempt]);
        return ended;
      };
      await runModel(commands, { ...real, call: counted });
      for (const sent of perInterval.values()) {
        expect(sent.filter(({ aborted }) => !aborted).length).toBeLessThanOrEqual(3);
      }
    }),
    { numRuns: 200 },
  );
});
