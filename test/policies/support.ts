import { expect, it, vi } from 'vitest';
import type { Call, CallContext, CallInfo, Inspectable, Policy } from '../../src/engine/call.ts';
import type { EngineEvent } from '../../src/engine/events.ts';
import type { Failure, FailureCode } from '../../src/engine/failure.ts';
import { type Failed, failed, type Ok, type Outcome, ok } from '../../src/engine/outcome.ts';
import { createScope, type OwnedScope } from '../../src/engine/scope.ts';
import { facts } from '../support/fan-out.ts';

/** A good answer; policies must hand on this very object. */
export const answer: Ok<string> = Object.freeze(ok('answer'));

/** A failure that no second attempt cures. */
export const notFound: Failed = Object.freeze(failed('not_found', 'no such thing', { status: 404 }));

/** A failure that one may cure. */
export const unavailable: Failed = Object.freeze(failed('upstream_error', 'the upstream failed', { status: 503 }));

/** Nobody listens. */
export const unreachable: Failed = Object.freeze(
  failed('unreachable', 'cannot connect', { reason: 'connect_refused' }),
);

/** Why a scope is aborted when the client has left. */
export const clientLeft: Failure = Object.freeze({ code: 'cancelled', message: 'the client left' });

/** The failure code of an outcome, or `ok`. */
export const codeOf = (outcome: Outcome<unknown> | undefined): FailureCode | 'ok' | undefined =>
  outcome?.status === 'failed' ? outcome.failure.code : outcome?.status;

/** A scope that knows who listens. */
export interface CountingScope extends OwnedScope {
  /** Listeners that have not been taken back. */
  listeners(): number;
}

/** A live scope that counts its listeners. */
function createCountingScope(): CountingScope {
  const scope = createScope();
  const listening = new Set<object>();
  const onAbort: OwnedScope['onAbort'] = (listener) => {
    const entry = {};
    listening.add(entry);
    const forget = () => listening.delete(entry);
    const unsubscribe = scope.onAbort((failure) => {
      forget();
      listener(failure);
    });
    return () => {
      forget();
      unsubscribe();
    };
  };
  return {
    get failure() {
      return scope.failure;
    },
    onAbort,
    abort: (failure) => scope.abort(failure),
    release: () => scope.release(),
    toSignal: () => scope.toSignal(),
    listeners: () => listening.size,
  };
}

/** A context as a request makes it. */
export interface TestContext extends CallContext {
  readonly scope: CountingScope;
}

/** The context of one source. The deadline is counted from now and aborts nothing by itself. */
export const createContext = ({ deadlineMs = 1_000, isRetry = false } = {}): TestContext => ({
  scope: createCountingScope(),
  deadlineAt: performance.now() + deadlineMs,
  request: { ...facts, isRetry },
  record: { attempts: 0 },
});

/** One upstream of one application, as policies see it when they are bound. */
export interface TestUpstream {
  readonly events: readonly EngineEvent[];
  info(facts?: Partial<CallInfo>): CallInfo;
  snapshot(): Readonly<Record<string, unknown>>;
}

/** An upstream whose policies have no state yet. */
export function createUpstream(): TestUpstream {
  const states = new Map<object, Inspectable>();
  const events: EngineEvent[] = [];
  const share: CallInfo['share'] = (key, create) => {
    const state = states.get(key) ?? create();
    states.set(key, state);
    return state as ReturnType<typeof create>; // whoever made it under this key asks for it
  };
  const emit = (event: EngineEvent) => events.push(event);
  return {
    events,
    info: (given = {}) => ({
      upstream: 'shop',
      provider: 'product',
      idempotent: true,
      safe: true,
      share,
      emit,
      ...given,
    }),
    snapshot: () => Object.assign({}, ...[...states.values()].map((state) => state.snapshot())),
  };
}

/** One attempt that reached the upstream. */
export interface Sent {
  readonly input: string;
  readonly context: CallContext;
  readonly sentAt: number;
  /** Why it was aborted, if it was. */
  readonly aborted: Failure | undefined;
  readonly isOpen: boolean;
  end(outcome: Outcome<string>): void;
}

/** An upstream without a network. */
export interface Upstream {
  readonly call: Call<string, string>;
  readonly sent: readonly Sent[];
}

/** An upstream that ends an attempt when the test says so, or when its scope is aborted. */
export function createManualUpstream({ ignoresScope = false } = {}): Upstream {
  const sent: Sent[] = [];
  const call: Call<string, string> = (input, context) =>
    new Promise((resolve) => {
      context.record.attempts += 1;
      let unsubscribe = () => {};
      const attempt = { input, context, sentAt: performance.now(), aborted: undefined, isOpen: true, end };
      const current: { -readonly [Key in keyof Sent]: Sent[Key] } = attempt;
      function end(outcome: Outcome<string>): void {
        current.isOpen = false;
        unsubscribe();
        resolve(outcome);
      }
      sent.push(current);
      unsubscribe = context.scope.onAbort((failure) => {
        current.aborted = failure;
        if (!ignoresScope) end({ status: 'failed', failure });
      });
    });
  return { call, sent };
}

/** An upstream that gives these outcomes in turn, the last again and again, each after so many milliseconds. */
export function createScriptedUpstream(outcomes: readonly Outcome<string>[], afterMs = 10): Upstream {
  const manual = createManualUpstream();
  const call: Call<string, string> = (input, context) => {
    const outcome = outcomes[Math.min(manual.sent.length, outcomes.length - 1)] ?? answer;
    const ended = manual.call(input, context);
    const attempt = manual.sent.at(-1);
    const timer = setTimeout(() => attempt?.end(outcome), afterMs);
    return ended.finally(() => clearTimeout(timer));
  };
  return { call, sent: manual.sent };
}

/** A call under way. */
export interface Watched {
  readonly outcome: Outcome<string> | undefined;
  readonly endedAt: number | undefined;
}

/** Starts a call and watches how it ends. */
export function watch(call: Call<string, string>, context: CallContext, input = 'a'): Watched {
  const watched: { outcome: Outcome<string> | undefined; endedAt: number | undefined } = {
    outcome: undefined,
    endedAt: undefined,
  };
  void call(input, context).then((outcome) => {
    watched.outcome = outcome;
    watched.endedAt = performance.now();
  });
  return watched;
}

/** Lets everything happen that waits for no time. */
export const settle = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0);
};

/** What is left behind by a call that is over. */
const leftBehind = ({ scope }: TestContext) => ({ timers: vi.getTimerCount(), listeners: scope.listeners() });
const nothing = { timers: 0, listeners: 0 };

/** The tests that every policy has to pass. */
export function itKeepsTheHouseRules(create: () => Policy): void {
  const bind = (upstream: Upstream) => create()(upstream.call, createUpstream().info());

  it.each([
    ['an answer', answer],
    ['a failure', notFound],
  ])('hands on %s unchanged, and leaves no timer or listener', async (_name, outcome) => {
    const context = createContext();
    const watched = watch(bind(createScriptedUpstream([outcome])), context);
    await vi.advanceTimersByTimeAsync(10);
    expect(watched.outcome).toBe(outcome);
    expect(watched.endedAt).toBe(performance.now());
    expect(context.record.attempts).toBe(1);
    expect(leftBehind(context)).toEqual(nothing);
  });

  it('ends at once with the reason when it is aborted, and leaves no timer or listener', async () => {
    const context = createContext();
    const upstream = createManualUpstream();
    const watched = watch(bind(upstream), context);
    await vi.advanceTimersByTimeAsync(5);
    context.scope.abort(clientLeft);
    await settle();
    expect(watched.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect(upstream.sent.every(({ isOpen }) => !isOpen)).toBe(true);
    expect(leftBehind(context)).toEqual(nothing);
  });

  it('starts nothing that outlives a call whose scope is aborted already', async () => {
    const context = createContext();
    context.scope.abort(clientLeft);
    const watched = watch(bind(createManualUpstream()), context);
    await settle();
    expect(watched.outcome).toEqual({ status: 'failed', failure: clientLeft });
    expect(leftBehind(context)).toEqual(nothing);
  });
}
