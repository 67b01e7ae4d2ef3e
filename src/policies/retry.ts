import type { Call, CallContext, CallInfo, Policy } from '../engine/call.ts';
import { now, remainingMs, startTimer } from '../engine/deadline.ts';
import { type Failure, isRetryable } from '../engine/failure.ts';
import type { Failed, Outcome } from '../engine/outcome.ts';
import type { Scope } from '../engine/scope.ts';
import { type BackoffOptions, toBackoffMs } from './backoff.ts';
import { type BudgetDefinition, shareBudget, standardBudget } from './budget.ts';
import { requireIdempotent } from './idempotent.ts';
import { requireCounts, requireKnown } from './options.ts';

/** How a failed call is tried again. */
export interface RetryOptions {
  /** Attempts in all, the first included. */
  readonly attempts?: number;
  readonly backoff?: BackoffOptions;
  /** What retries may cost the upstream. */
  readonly budget?: BudgetDefinition;
}

/** An attempt that has less time than this cannot end well over a network, milliseconds. */
const leastAttemptMs = 5;

/**
 * Tries a failed call again, where the failure table says that this may help, where the budget pays for it, and where
 * the deadline leaves time for the wait and for the fastest answer seen lately. `Retry-After` is waited out, or the
 * call is not tried again. A request that is itself a retry is not multiplied. An attempt that was never sent (circuit
 * open, saturated) leaves the failure before it standing: that is what the upstream did.
 *
 * @throws DefinitionError when `attempts` is out of range; when bound, if the operation is not idempotent.
 */
export function retry({
  attempts = 2, // what a second attempt does not cure is an outage, and a third makes it worse
  backoff = {},
  budget = standardBudget,
  ...unknown
}: RetryOptions = {}): Policy {
  requireKnown('retry', unknown);
  requireCounts('retry', { attempts }, 2);

  return <I, O>(next: Call<I, O>, info: CallInfo): Call<I, O> => {
    requireIdempotent(info, 'retry');
    const shared = shareBudget(budget, info);
    const countCall = shared.enroll(info.provider);
    let fastestMs: number | undefined;

    /** Follows the fastest answers: down at once, up slowly, so that it forgets what the upstream could do once. */
    function observe(durationMs: number): void {
      const knownMs = fastestMs ?? durationMs;
      fastestMs = durationMs < knownMs ? durationMs : knownMs + (durationMs - knownMs) / 100;
    }

    function mayRetry({ failure }: Failed, waitMs: number, { request, deadlineAt }: CallContext): boolean {
      if (request.isRetry || !isRetryable(failure) || shared.left() === 0) return false;
      return remainingMs(deadlineAt) - waitMs >= Math.max(fastestMs ?? 0, leastAttemptMs);
    }

    async function tryAgain(first: Failed, input: I, context: CallContext): Promise<Outcome<O>> {
      let last = first;
      for (let index = 0; index < attempts - 1; index += 1) {
        const waitMs = (last.failure.retryAfterMs ?? 0) + toBackoffMs(index, backoff);
        if (!mayRetry(last, waitMs, context)) return last;
        const stopped = await pause(waitMs, context.scope);
        if (stopped) return { status: 'failed', failure: stopped };
        // Paid for when it is sent, not before the wait: the budget counts what reaches the upstream, when it does.
        if (!shared.take()) return last;
        const sent = context.record.attempts;
        const outcome = await next(input, context);
        if (outcome.status === 'ok') return outcome;
        if (context.record.attempts === sent) return last;
        last = outcome;
      }
      return last;
    }

    return (input, given) => {
      countCall(given.record);
      const context = { ...given, payExtra: shared.take };
      const startedAt = now();
      return next(input, context).then((outcome) => {
        if (outcome.status === 'failed') return tryAgain(outcome, input, context);
        observe(now() - startedAt);
        return outcome;
      });
    };
  };
}

/** Waits; gives the failure when the scope is aborted meanwhile. */
const pause = (ms: number, scope: Scope): Promise<Failure | undefined> =>
  new Promise((resolve) => {
    const timer = startTimer(ms, () => {
      unsubscribe();
      resolve(undefined);
    });
    const unsubscribe = scope.onAbort((failure) => {
      clearTimeout(timer);
      resolve(failure);
    });
  });
