import type { Dispatcher } from 'undici';
import type { CallContext } from '../engine/call.ts';
import { type Failure, toInternalFailure } from '../engine/failure.ts';
import { type Failed, failed, type Outcome } from '../engine/outcome.ts';
import type { Decode, UpstreamRequest } from '../engine/request.ts';
import type { Unsubscribe } from '../engine/scope.ts';
import { toTraceparent } from '../engine/trace.ts';
import type { JsonLimits } from '../json/check.ts';
import { createExchange, type Exchange, type ExchangeOptions, isContinue } from './exchange.ts';
import { toHeaders } from './headers.ts';
import { toTarget } from './target.ts';
import { atEndOfTurn, inTurn } from './turn.ts';

/** What all calls to one address share. */
export interface Line {
  readonly maxBytes: number;
  readonly json: JsonLimits;
  /** Set once the upstream has said 100 Continue without being asked: looking for it costs, so only then. */
  readonly habits: { saysContinue: boolean };
  readonly pool: Dispatcher;
  /** A connection beside the pool's, for one request. */
  readonly connectAnew: () => Dispatcher;
  /** Calls at most, with those that wait for a connection. */
  readonly mostInFlight: number;
  inFlight: number;
}

/** One call on its way: what its exchange is told, and who waits for it. */
interface Sending<T> extends ExchangeOptions<T> {
  readonly line: Line;
  readonly context: CallContext;
  readonly dispatch: Dispatcher.DispatchOptions;
  readonly resolve: (outcome: Outcome<T>) => void;
  unsubscribe: Unsubscribe | undefined;
  exchange: Exchange | undefined;
  isSettled: boolean;
  /** It was lost and is sent for the second time. */
  isAnew: boolean;
}

/** Sends one call. Never rejects, and ends with the context's scope. */
export function send<T>(
  line: Line,
  request: UpstreamRequest,
  context: CallContext,
  decode: Decode<T>,
): Promise<Outcome<T>> {
  // Policies bound this well before; without any, the pool's own queue would have no end.
  if (line.inFlight >= line.mostInFlight)
    return Promise.resolve(failed('saturated', 'too many calls to the upstream are waiting'));
  const dispatch = toDispatch(request, context);
  // undici must never find a bad header by itself: its pool would lose that client for good.
  if (!dispatch)
    return Promise.resolve(failed('rejected', 'a value cannot be part of a header', { reason: 'unsafe_header' }));
  line.inFlight += 1;
  return new Promise((resolve) => {
    const sending: Sending<T> = {
      maxBytes: line.maxBytes,
      json: line.json,
      decode,
      hold: context.request.hold,
      settle,
      onLost,
      line,
      context,
      dispatch,
      resolve,
      unsubscribe: undefined,
      exchange: undefined,
      isSettled: false,
      isAnew: false,
    };
    sending.unsubscribe = context.scope.onAbort((failure) => stop(sending, failure));
    // A sibling that is refused here (open circuit, saturated) may end the request in this very turn, and each of its other
    // upstreams would lose a connection for nothing.
    atEndOfTurn(() => depart(sending));
  });
}

function depart<T>(sending: Sending<T>): void {
  if (sending.isSettled) return;
  sending.exchange = createExchange(sending);
  try {
    sending.line.pool.dispatch(sending.dispatch, sending.exchange);
  } catch (cause) {
    sending.settle({ status: 'failed', failure: toInternalFailure(cause, 'the dispatch of a request') });
  }
}

function stop<T>(sending: Sending<T>, failure: Failure): void {
  sending.settle({ status: 'failed', failure });
  // To destroy a connection takes longer than to answer, and a deadline is often that of many.
  if (sending.exchange) setImmediate(inTurn, () => sending.exchange?.stop());
  else sending.context.record.attempts -= 1; // counted by who called
}

function settle<T>(this: Sending<T>, outcome: Outcome<T>): void {
  if (this.isSettled) return;
  this.isSettled = true;
  this.line.inFlight -= 1;
  this.unsubscribe?.();
  this.resolve(outcome);
}

function onLost<T>(this: Sending<T>, failure: Failed): void {
  const { context, line, dispatch } = this;
  // The upstream may have read it all the same: to whoever counts, it is one more attempt.
  if (isContinue(failure)) line.habits.saysContinue = true;
  if (this.isAnew || this.isSettled || !dispatch.idempotent || context.payExtra?.() === false)
    return this.settle(failure);
  context.record.attempts += 1;
  this.isAnew = true;
  this.exchange = createExchange(this);
  line.connectAnew().dispatch({ ...dispatch, reset: true }, this.exchange);
}

function toDispatch(request: UpstreamRequest, context: CallContext): Dispatcher.DispatchOptions | undefined {
  const headers = toHeaders(request, toTraceparent(context.request), context.forwarded);
  if (!headers) return undefined;
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  return { path: toTarget(request), method: request.method, headers, body, idempotent: request.idempotent };
}
