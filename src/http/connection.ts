import { Client, type Dispatcher, Pool } from 'undici';
import type { CallContext } from '../engine/call.ts';
import { toInternalFailure } from '../engine/failure.ts';
import { failed, type Outcome } from '../engine/outcome.ts';
import type { Decode, Transport, UpstreamRequest } from '../engine/request.ts';
import { toTraceparent } from '../engine/trace.ts';
import type { JsonLimits } from '../json/check.ts';
import { type ConnectorOptions, createConnector } from './connector.ts';
import { createExchange, isContinue } from './exchange.ts';
import { toHeaders } from './headers.ts';
import { toTarget } from './target.ts';
import { atEndOfTurn, inTurn } from './turn.ts';
import { watchWires } from './wire.ts';

/** The connections to one address of an upstream. */
export interface Connection {
  readonly send: Transport;
  /** Destroys every socket; what still runs fails. */
  close(): Promise<void>;
}

/** How one address is connected to, and what its answers may cost. */
export interface ConnectionOptions extends ConnectorOptions {
  /** Sockets at most. */
  readonly connections: number;
  /** Bytes of one decoded answer at most. */
  readonly maxBytes: number;
  readonly json: JsonLimits;
}

/**
 * Connects to one address over HTTP/1.1. Redirects are not followed, HTTP/2 is off, and undici's own timers are off (they
 * fire up to a second late, and a drip never trips them): the scope of each call ends it.
 */
export function createConnection(origin: string, options: ConnectionOptions): Connection {
  const { connections, maxBytes, json } = options;
  /** Set once the upstream has said 100 Continue without being asked: looking for it costs, so only then. */
  const habits = { saysContinue: false };
  const clientOptions = {
    connect: createConnector(options, habits),
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 30_000,
    maxHeaderSize: 16_384,
    allowH2: false,
  };
  const pool = new Pool(origin, { ...clientOptions, connections });
  const mostInFlight = 2 * connections;
  let inFlight = 0;

  function send<T>(request: UpstreamRequest, context: CallContext, decode: Decode<T>): Promise<Outcome<T>> {
    // Policies bound this well before; without any, the pool's own queue would have no end.
    if (inFlight >= mostInFlight)
      return Promise.resolve(failed('saturated', 'too many calls to the upstream are waiting'));
    const dispatch = toDispatch(request, context);
    // undici must never find a bad header by itself: its pool would lose that client for good.
    if (!dispatch)
      return Promise.resolve(failed('rejected', 'a value cannot be part of a header', { reason: 'unsafe_header' }));
    inFlight += 1;
    const { hold } = context.request;
    return new Promise((resolve) => {
      let isSettled = false;
      let isSent = false;
      let unsubscribe = () => {};

      function settle(outcome: Outcome<T>): void {
        if (isSettled) return;
        isSettled = true;
        inFlight -= 1;
        unsubscribe();
        resolve(outcome);
      }

      let exchange = createExchange<T>({
        maxBytes,
        json,
        decode,
        hold,
        settle,
        onLost(failure) {
          // The upstream may have read it all the same: to whoever counts, it is one more attempt.
          if (isContinue(failure)) habits.saysContinue = true;
          if (isSettled || !request.idempotent || context.payExtra?.() === false) return settle(failure);
          context.record.attempts += 1;
          exchange = createExchange<T>({ maxBytes, json, decode, hold, settle, onLost: settle });
          new Client(origin, clientOptions).dispatch({ ...dispatch, reset: true }, exchange);
        },
      });
      unsubscribe = context.scope.onAbort((failure) => {
        settle({ status: 'failed', failure });
        // To destroy a connection takes longer than to answer, and a deadline is often that of many.
        if (isSent) setImmediate(inTurn, () => exchange.stop());
        else context.record.attempts -= 1; // counted by who called
      });
      // A sibling that is refused here (open circuit, saturated) may end the request in this very turn, and each of its other
      // upstreams would lose a connection for nothing.
      atEndOfTurn(() => {
        if (isSettled) return;
        isSent = true;
        try {
          pool.dispatch(dispatch, exchange);
        } catch (cause) {
          settle({ status: 'failed', failure: toInternalFailure(cause, 'the dispatch of a request') });
        }
      });
    });
  }

  const stopWatching = watchWires();
  return {
    send,
    close() {
      stopWatching();
      return pool.destroy();
    },
  };
}

function toDispatch(request: UpstreamRequest, context: CallContext): Dispatcher.DispatchOptions | undefined {
  const headers = toHeaders(request, toTraceparent(context.request), context.forwarded);
  if (!headers) return undefined;
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  return { path: toTarget(request), method: request.method, headers, body, idempotent: request.idempotent };
}
