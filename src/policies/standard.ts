import type { Policy } from '../engine/call.ts';
import { type BreakerOptions, breaker } from './breaker.ts';
import { type BulkheadOptions, bulkhead } from './bulkhead.ts';
import { coalesce } from './coalesce.ts';
import { type HedgeOptions, hedge } from './hedge.ts';
import { onlyWhere } from './idempotent.ts';
import { requireKnown } from './options.ts';
import { type RetryOptions, retry } from './retry.ts';
import { timeout } from './timeout.ts';

/** What differs from the recommended policies. `false` leaves one out, `true` or options put one in. */
export interface StandardOptions {
  /** Answers calls with the same input that are in flight together with one. Default off. */
  readonly coalesce?: boolean;
  readonly retry?: RetryOptions | false;
  /** Default off. */
  readonly hedge?: HedgeOptions | boolean;
  /** Milliseconds for one attempt. */
  readonly timeout?: number | false;
  readonly breaker?: BreakerOptions | false;
  readonly bulkhead?: BulkheadOptions | false;
}

/** Policies, outermost first: around each provider, and inside them around everything of the upstream. */
export interface StandardPolicies {
  readonly provider: readonly Policy[];
  readonly upstream: readonly Policy[];
}

/**
 * The recommended policies in their order. What must not be repeated is called once: retry, hedge and coalescing leave
 * such providers alone here, while naming them for one is an error at start-up.
 *
 * @throws DefinitionError when an option is unknown or out of its range.
 */
export function standard({
  coalesce: coalesced = false, // shares answers between requests: whoever knows that it is right says so
  retry: retried = {},
  hedge: hedged = false, // costs the upstream; for tail latency that has been measured
  timeout: attemptMs = 1_200, // above the connect limit, which names its failures better; leaves 800 of 2,000 to a retry
  breaker: broken = {},
  bulkhead: bounded = {},
  ...unknown
}: StandardOptions = {}): StandardPolicies {
  requireKnown('standard', unknown);
  const provider: Policy[] = [];
  // Around everything: who joins costs nothing, neither a retry nor a place.
  if (coalesced) provider.push(onlyWhere(({ safe }) => safe, coalesce()));
  // Around the timeout, so that each attempt has its own; sees how an attempt ended, and owns the budget.
  if (retried) provider.push(onlyWhere(({ idempotent }) => idempotent, retry(retried)));
  // Within the retry: two attempts beside each other are one to it. Around the timeout, like the retry.
  if (hedged) provider.push(onlyWhere(({ idempotent }) => idempotent, hedge(hedged === true ? {} : hedged)));
  // Around the upstream's own: the wait for a place is part of the attempt.
  if (attemptMs !== false) provider.push(timeout(attemptMs));

  const upstream: Policy[] = [];
  // Sees each attempt, timed out ones as well, because the timeout's reason comes back through it. What it refuses
  // takes no place.
  if (broken) upstream.push(breaker(broken));
  // Innermost: counts what really runs.
  if (bounded) upstream.push(bulkhead(bounded));
  return { provider, upstream };
}
