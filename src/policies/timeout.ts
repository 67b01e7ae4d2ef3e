import type { Call, Policy } from '../engine/call.ts';
import { now, startTimer } from '../engine/deadline.ts';
import type { Failure } from '../engine/failure.ts';
import type { Outcome } from '../engine/outcome.ts';
import { createScope } from '../engine/scope.ts';
import { requireDurations } from './options.ts';

/**
 * Ends one attempt after `ms` milliseconds with `timeout`, whether the call inside listens or not. Where the deadline
 * comes sooner it starts no timer: the deadline ends the call.
 *
 * @throws DefinitionError when `ms` is no duration.
 */
export function timeout(ms: number): Policy {
  requireDurations('timeout', { ms });
  const late: Failure = Object.freeze({
    code: 'timeout',
    message: `no answer within ${ms} ms`,
    reason: 'attempt_timeout',
  });

  return <I, O>(next: Call<I, O>): Call<I, O> =>
    (input, context) => {
      const deadlineAt = now() + ms;
      if (deadlineAt >= context.deadlineAt) return next(input, context);
      return new Promise((resolve, reject) => {
        const scope = createScope(context.scope);
        const timer = startTimer(ms, () => scope.abort(late));
        const settle = (outcome: Outcome<O>) => {
          clearTimeout(timer);
          scope.release();
          resolve(outcome);
        };
        scope.onAbort((failure) => settle({ status: 'failed', failure }));
        next(input, { ...context, scope, deadlineAt }).then(settle, reject);
      });
    };
}
