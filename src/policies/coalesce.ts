import {
  type Call,
  type CallContext,
  type CallInfo,
  holdForOne,
  markSharing,
  type Policy,
  type RequestFacts,
} from '../engine/call.ts';
import { DefinitionError } from '../engine/definition-error.ts';
import type { Failure } from '../engine/failure.ts';
import { toCallKey } from '../engine/key.ts';
import type { Outcome } from '../engine/outcome.ts';
import { createScope, type OwnedScope } from '../engine/scope.ts';

const abandoned: Failure = Object.freeze({
  code: 'cancelled',
  message: 'nobody waits for it any more',
  reason: 'abandoned',
});

/**
 * Lets calls with the same input and the same forwarded headers, while one is in flight, share it. Who leaves disturbs nobody; when the last one
 * leaves, the flight is cancelled. Its deadline is the latest of those who wait. Attempts are counted for the source
 * that started the flight; one that joined reports those as none of its own: 0.
 *
 * All who wait get the same value, which they must not change.
 *
 * @throws DefinitionError when bound, if the operation does more than read.
 */
export function coalesce(): Policy {
  return <I, O>(next: Call<I, O>, info: CallInfo): Call<I, O> => {
    if (!info.safe) {
      throw new DefinitionError(
        `provider "${info.upstream}/${info.provider}": coalesce needs an operation that only reads`,
      );
    }
    const flights = new Map<string, Flight<O>>();

    function depart(key: string, input: I, context: CallContext): Flight<O> {
      const scope = createScope();
      const waiting: Flight<O>['waiting'] = new Set();
      const request = { ...context.request, hold: (bytes: number) => holdForOne(waiting, bytes) };
      const shared = { ...context, scope, request };
      const flight = { scope, context: shared, waiting, outcome: next(input, shared) };
      flights.set(key, flight);
      const land = () => end(key, flight);
      flight.outcome.then(land, land);
      return flight;
    }

    /** Nobody joins it any more; another of the same key may be under way already. */
    function end(key: string, flight: Flight<O>): void {
      if (flights.get(key) === flight) flights.delete(key);
    }

    return markSharing((input, context) => {
      const key = toCallKey(input, context);
      if (key === undefined || context.scope.failure) return next(input, context);
      const flight = flights.get(key) ?? depart(key, input, context);
      const seat = { hold: context.request.hold };
      flight.waiting.add(seat);
      flight.context.deadlineAt = Math.max(flight.context.deadlineAt, context.deadlineAt);
      return new Promise((resolve, reject) => {
        const unsubscribe = context.scope.onAbort((failure) => {
          resolve({ status: 'failed', failure });
          flight.waiting.delete(seat);
          if (flight.waiting.size > 0) return;
          end(key, flight);
          flight.scope.abort(abandoned);
        });
        flight.outcome.finally(unsubscribe).then(resolve, reject);
      });
    });
  };
}

/** A call that several wait for. */
interface Flight<O> {
  readonly scope: OwnedScope;
  /** What the call sees: its deadline moves as others join. */
  readonly context: CallContext & { deadlineAt: number };
  readonly outcome: Promise<Outcome<O>>;
  /** One seat for each call. */
  readonly waiting: Set<Pick<RequestFacts, 'hold'>>;
}
