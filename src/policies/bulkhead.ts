import pLimit, { type LimitFunction } from 'p-limit';
import type { Call, CallContext, CallInfo, Inspectable, Policy } from '../engine/call.ts';
import { now, startTimer } from '../engine/deadline.ts';
import type { Failure } from '../engine/failure.ts';
import type { Failed, Outcome } from '../engine/outcome.ts';
import type { Adaptive, LimitLaw } from './adaptive.ts';
import { requireCounts, requireDurations } from './options.ts';

/** How many calls an upstream gets at once. */
export interface BulkheadOptions {
  /** Calls at once; where it adapts, at the start. */
  readonly limit?: number;
  /** Calls that may wait for a place. 0 lets none wait. */
  readonly queue?: number;
  /** The longest a call waits for a place, milliseconds. */
  readonly maxWaitMs?: number;
  /** Moves the limit by what it sees: `adaptive()`. Default: the limit stays. */
  readonly adaptive?: Adaptive | undefined;
}

const saturated: Failure = Object.freeze({ code: 'saturated', message: 'too many calls to the upstream are running' });

/**
 * Keeps a slow upstream from taking everything: so many calls at once, a few more may wait for a moment, any other is
 * answered `saturated` at once. A waiting call that is aborted, or has waited its time, is answered at once too and
 * takes no place. A place is held until the call inside has ended, not until its caller has left.
 *
 * @throws DefinitionError when a number is out of its range.
 */
export function bulkhead({
  limit = 64, // as many as an upstream has connections by default: more would only wait elsewhere, unseen
  queue = 32, // evens out a burst; more would be latency that nobody asked for
  maxWaitMs = 50, // above it the wait itself is the failure
  adaptive,
}: BulkheadOptions = {}): Policy {
  requireCounts('bulkhead', { limit });
  requireCounts('bulkhead', { queue }, 0);
  requireDurations('bulkhead', { maxWaitMs });

  const policy: Policy = <I, O>(next: Call<I, O>, info: CallInfo): Call<I, O> => {
    const { slots, law } = info.share(policy, () => createPlaces(limit, adaptive?.(limit)));
    const watched = law ? watch(next, slots, law) : next;
    // A task cannot be taken out of the queue of p-limit, so it looks first whether anybody still wants it.
    const start: Call<I, O> = (input, context) => {
      const { failure } = context.scope;
      return failure ? Promise.resolve({ status: 'failed', failure }) : watched(input, context);
    };

    return (input, context) => {
      if (slots.activeCount < slots.concurrency && slots.pendingCount === 0) return slots(start, input, context);
      if (slots.pendingCount >= queue) return Promise.resolve({ status: 'failed', failure: saturated });
      return waitForPlace(slots, maxWaitMs, start, input, context);
    };
  };
  return policy;
}

/** The places of one upstream. */
interface Places extends Inspectable {
  readonly slots: LimitFunction;
  readonly law: LimitLaw | undefined;
}

function createPlaces(limit: number, law: LimitLaw | undefined): Places {
  const slots = pLimit(limit);
  const snapshot = () => ({ inFlight: slots.activeCount, waiting: slots.pendingCount, limit: slots.concurrency });
  return { slots, law, snapshot };
}

/** Lets the law see every call, and the limit follow it. */
const watch =
  <I, O>(next: Call<I, O>, slots: LimitFunction, law: LimitLaw): Call<I, O> =>
  (input, context) => {
    const startedAt = now();
    return next(input, context).then((outcome) => {
      slots.concurrency = law(outcome, startedAt, slots.activeCount);
      return outcome;
    });
  };

/** Runs the call when a place is free. The answer comes at once when the caller leaves or the wait is over. */
const waitForPlace = <I, O>(
  slots: LimitFunction,
  maxWaitMs: number,
  start: Call<I, O>,
  input: I,
  context: CallContext,
): Promise<Outcome<O>> =>
  new Promise((resolve, reject) => {
    let given: Failed | undefined;
    let unsubscribe = () => {};
    const giveUp = (failure: Failure) => {
      given = { status: 'failed', failure };
      stopTimer();
      unsubscribe();
      resolve(given);
    };
    const stopTimer = startTimer(maxWaitMs, () => giveUp(saturated));
    unsubscribe = context.scope.onAbort(giveUp);
    const run = (): Outcome<O> | Promise<Outcome<O>> => {
      if (given) return given;
      stopTimer();
      unsubscribe();
      return start(input, context);
    };
    slots(run).then(resolve, reject);
  });
