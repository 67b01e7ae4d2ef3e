import { now } from '../engine/deadline.ts';
import { isRetryable } from '../engine/failure.ts';
import type { Outcome } from '../engine/outcome.ts';
import { requireCounts, requireKnown, requireShares } from './options.ts';

/** Between which limits a bulkhead moves, and how. */
export interface AdaptiveOptions {
  /** The least calls at once. */
  readonly min?: number;
  /** The most calls at once. The upstream needs as many `connections`, or its pool is the limit. */
  readonly max?: number;
  /** What a sign of overload leaves of the limit, a share of it. */
  readonly decrease?: number;
}

/** Makes the law of one bulkhead, which starts at the given limit. */
export type Adaptive = (startAt: number) => LimitLaw;

/** Gives the limit after a call that started then has ended so, with so many calls still running. */
export type LimitLaw = (outcome: Outcome<unknown>, startedAt: number, inFlight: number) => number;

/**
 * Lets a bulkhead find its limit: one more for each limit's worth of good calls while the limit is in use, and a
 * fraction of it at a sign of overload (additive increase, multiplicative decrease; Chiu and Jain 1989). What another
 * attempt may cure, a timeout or a 503, is what overload looks like; a malformed answer is not.
 *
 * @throws DefinitionError when an option is unknown or a number is out of its range.
 */
export function adaptive({
  min = 20, // an upstream that needs less is the breaker's business
  max = 200, // more at once than one process can make use of
  decrease = 0.7, // half is for networks, where the queue empties at once
  ...unknown
}: AdaptiveOptions = {}): Adaptive {
  requireKnown('adaptive', unknown);
  requireCounts('adaptive', { min });
  requireCounts('adaptive', { max }, min);
  requireShares('adaptive', { decrease });

  return (startAt) => {
    let limit = Math.min(max, Math.max(min, startAt));
    let lastCutAt = Number.NEGATIVE_INFINITY;

    return (outcome, startedAt, inFlight) => {
      if (outcome.status === 'ok') {
        const isInUse = inFlight * 2 >= limit;
        if (isInUse) limit = Math.min(max, limit + 1 / limit);
      } else if (isRetryable(outcome.failure) && startedAt > lastCutAt) {
        // Calls that ran when it was cut are late witnesses of the same overload.
        limit = Math.max(min, limit * decrease);
        lastCutAt = now();
      }
      return Math.floor(limit);
    };
  };
}
