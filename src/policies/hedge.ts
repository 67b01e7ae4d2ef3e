import type { Call, CallContext, CallInfo, Policy } from '../engine/call.ts';
import { now, startTimer } from '../engine/deadline.ts';
import type { Failure } from '../engine/failure.ts';
import type { Failed, Outcome } from '../engine/outcome.ts';
import { createScope, type OwnedScope } from '../engine/scope.ts';
import { type BudgetDefinition, shareBudget, standardBudget } from './budget.ts';
import { shareCircuits } from './circuits.ts';
import { requireIdempotent } from './idempotent.ts';
import { requireCounts, requireDurations, requireKnown, requireShares } from './options.ts';
import { createQuantile } from './quantile.ts';
import { createTickets } from './tickets.ts';

/** When a second attempt starts beside the first. */
export interface HedgeOptions {
  /** It starts when the first has taken longer than this share of the calls before it. */
  readonly quantile?: number;
  /** Answers that must have been seen before there is any. */
  readonly minSamples?: number;
  /** The least head start of the first, milliseconds. */
  readonly minDelayMs?: number;
  /** Hedges for each call at most; they take from the budget too. */
  readonly share?: number;
  /** What retries and hedges together may cost the upstream. */
  readonly budget?: BudgetDefinition;
}

const lost: Failure = Object.freeze({
  code: 'cancelled',
  message: 'another attempt has answered',
  reason: 'hedge_lost',
});

/**
 * Starts a second attempt when the first is slower than nearly all before it; the first answer counts, the other
 * attempt is cancelled. For upstreams that are now and then slow without being overloaded: only while their circuit is
 * closed, a few in a hundred calls, and never for a request that is itself a retry.
 *
 * @throws DefinitionError when a number is out of its range; when bound, if the operation is not idempotent.
 */
export function hedge({
  quantile = 0.95, // one call in twenty waits longer
  minSamples = 100, // five values above the quantile, or it is chance
  minDelayMs = 10, // below that there is nothing to win
  share = 0.05, // what the quantile asks for; more means that the upstream slows down as a whole
  budget = standardBudget,
  ...unknown
}: HedgeOptions = {}): Policy {
  requireKnown('hedge', unknown);
  requireShares('hedge', { quantile, share });
  requireCounts('hedge', { minSamples });
  requireDurations('hedge', { minDelayMs });

  return <I, O>(next: Call<I, O>, info: CallInfo): Call<I, O> => {
    requireIdempotent(info, 'hedge');
    const circuits = shareCircuits(info);
    const shared = shareBudget(budget, info);
    const countCall = shared.enroll(info.provider);
    const hedges = createTickets({
      count: 1,
      callsPerTicket: Math.ceil(1 / share),
      returnMs: Number.POSITIVE_INFINITY,
    });
    const latency = createQuantile({ quantile, minSamples });

    const mayHedge = () => circuits.areClosed() && hedges.take() && shared.take();

    function race(delayMs: number, input: I, context: CallContext): Promise<Outcome<O>> {
      return new Promise((resolve, reject) => {
        const startedAt = now();
        const scopes: OwnedScope[] = [];
        let running = 0;
        let firstFailure: Failed | undefined;

        function attempt(isFirst: boolean): void {
          const scope = createScope();
          scopes.push(scope);
          running += 1;
          next(input, { ...context, scope }).then((outcome) => {
            running -= 1;
            if (outcome.status === 'ok') {
              // Where the second wins, the first would have taken longer still; it is above the quantile either way.
              latency.add(now() - startedAt);
              return settle(outcome, lost);
            }
            if (isFirst) firstFailure = outcome;
            // The second may have been refused before it was sent; the first says what the upstream did.
            if (running === 0) settle(firstFailure ?? outcome, lost);
          }, reject);
        }

        function settle(outcome: Outcome<O>, reason: Failure): void {
          clearTimeout(timer);
          unsubscribe();
          resolve(outcome);
          for (const scope of scopes) scope.abort(reason);
        }

        const timer = startTimer(delayMs, () => {
          if (mayHedge()) attempt(false);
        });
        let unsubscribe = () => {};
        unsubscribe = context.scope.onAbort((failure) => settle({ status: 'failed', failure }, failure));
        attempt(true);
      });
    }

    return (input, context) => {
      countCall(context.record);
      hedges.countCall();
      const startedAt = now();
      const delayMs = Math.max(latency.value ?? Number.POSITIVE_INFINITY, minDelayMs);
      const hasTime = startedAt + delayMs < context.deadlineAt && !context.scope.failure;
      if (hasTime && !context.request.isRetry) return race(delayMs, input, context);
      return next(input, context).then((outcome) => {
        if (outcome.status === 'ok') latency.add(now() - startedAt);
        return outcome;
      });
    };
  };
}
