import type { Call, CallInfo, Inspectable, Policy } from '../engine/call.ts';
import { now } from '../engine/deadline.ts';
import type { Failure } from '../engine/failure.ts';
import type { Failed, Outcome } from '../engine/outcome.ts';
import type { Adaptive, LimitLaw } from './adaptive.ts';
import { requireCounts, requireDurations, requireKnown } from './options.ts';
import { createPlaces, type Places } from './places.ts';

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
const refusal: Promise<Failed> = Promise.resolve(Object.freeze({ status: 'failed', failure: saturated }));

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
  ...unknown
}: BulkheadOptions = {}): Policy {
  requireKnown('bulkhead', unknown);
  requireCounts('bulkhead', { limit });
  requireCounts('bulkhead', { queue }, 0);
  requireDurations('bulkhead', { maxWaitMs });

  const policy: Policy = <I, O>(next: Call<I, O>, info: CallInfo): Call<I, O> => {
    const { places, law } = info.share(policy, () => createBounds(limit, adaptive));
    const watched = law ? watch(next, places, law) : next;
    const end = (outcome: Outcome<O>) => {
      places.free();
      return outcome;
    };
    const fail = (error: unknown) => {
      places.free();
      throw error;
    };
    const run: Call<I, O> = (input, context) => watched(input, context).then(end, fail);

    return (input, context) => {
      if (places.take()) return run(input, context);
      if (places.waiting() >= queue) return refusal;
      return places
        .wait(context.scope, maxWaitMs, saturated)
        .then((failure) => (failure ? { status: 'failed', failure } : run(input, context)));
    };
  };
  return policy;
}

/** The places of one upstream, and what moves their number. */
interface Bounds extends Inspectable {
  readonly places: Places;
  readonly law: LimitLaw | undefined;
}

function createBounds(limit: number, adaptive: Adaptive | undefined): Bounds {
  const places = createPlaces(limit);
  return { places, law: adaptive?.(limit), snapshot: places.snapshot };
}

/** Lets the law see every call, and the limit follow it. */
const watch =
  <I, O>(next: Call<I, O>, places: Places, law: LimitLaw): Call<I, O> =>
  (input, context) => {
    const startedAt = now();
    return next(input, context).then((outcome) => {
      places.limit = law(outcome, startedAt, places.inFlight);
      return outcome;
    });
  };
