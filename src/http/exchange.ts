import type { Dispatcher } from 'undici';
import { startTimer } from '../engine/deadline.ts';
import { toInternalFailure } from '../engine/failure.ts';
import { type AnswerHeaders, type Failed, failed, type Outcome } from '../engine/outcome.ts';
import type { Decode } from '../engine/request.ts';
import type { JsonLimits } from '../json/check.ts';
import { createBodyCollector, inflate, tooLarge, withoutByteOrderMark } from './body.ts';
import { toFailed } from './errors.ts';
import { decodeBody } from './json.ts';
import { toHeadFailure } from './status.ts';
import { inTurn } from './turn.ts';
import { expectWire, isUntouched, type Wire } from './wire.ts';

/** Interim answers (1xx) at most. */
const mostInterim = 16;
/** Header fields at most. */
const mostHeaders = 100;
/** What is read of an answer that is already known to be a failure, to keep its connection: bytes and milliseconds. */
const discardBytes = 64 * 1_024;
const discardMs = 1_000;

/** What 204 No Content says to a provider: it is for the schema to allow `null`. */
const nullText = Buffer.from('null');

/** What is said when the process holds as many bytes of answers as it may. */
const tooMuch = failed('saturated', 'too much is held for answers already', { reason: 'held_bytes' });

/** The reason given to undici; one for all, since nobody reads its stack. */
const stopped = new Error('the exchange was stopped');

/** undici makes an error of its own for the socket, and Node reads its stack: a tenth of what a timed-out call costs. */
function abortCheaply(controller: Dispatcher.DispatchController): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    controller.abort(stopped);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** One request and its answer on a connection. */
export interface Exchange {
  readonly handler: Dispatcher.DispatchHandler;
  /** Ends it and destroys the connection. Nothing is settled. */
  stop(): void;
}

/** What an exchange is told and tells. */
export interface ExchangeOptions<T> {
  readonly maxBytes: number;
  readonly json: JsonLimits;
  readonly decode: Decode<T>;
  /** Accounts for bytes that are kept; false when they are too many. */
  readonly hold?: ((bytes: number) => boolean) | undefined;
  /** Called once at most, unless stopped before. */
  readonly settle: (outcome: Outcome<T>) => void;
  /**
   * Called in place of `settle` when a connection that had served before was lost without a byte of this answer: the
   * upstream closed it as idle just as we wrote on it, which is nobody's failure (RFC 9112, 9.3.1). Also when undici gave
   * the connection up for a 100 Continue that nobody asked for.
   */
  readonly onLost: (failure: Failed) => void;
}

/** Reads one answer: bounded in headers, interim answers and bytes. Time is the business of whoever stops it. */
export function createExchange<T>({ maxBytes, json, decode, hold, settle, onLost }: ExchangeOptions<T>): Exchange {
  const body = createBodyCollector(maxBytes);
  let controller: Dispatcher.DispatchController | undefined;
  let wire: Wire | undefined;
  let headers: AnswerHeaders = {};
  let state: 'head' | 'body' | 'discard' | 'over' = 'head';
  let isStopped = false;
  let isNoContent = false;
  let interim = 0;
  let discarded = 0;
  let stopDiscarding = () => {};
  let stopInflating = () => {};

  function stop(): void {
    state = 'over';
    isStopped = true;
    stopDiscarding();
    stopInflating();
    if (controller) abortCheaply(controller);
  }

  function refuse(outcome: Failed): void {
    settle(outcome);
    stop();
  }

  function onHead(status: number): void {
    isNoContent = status === 204;
    const failure = toHeadFailure(status, headers);
    // Whoever sends 205 with a body does not know where it ends (RFC 9110, 15.3.6).
    if (failure && status === 205) refuse(failure);
    else if (failure) {
      settle(failure);
      state = 'discard';
      stopDiscarding = startTimer(discardMs, stop);
    } else if (Number(headers['content-length']) > maxBytes) refuse(tooLarge(maxBytes));
    else state = 'body';
  }

  function onWhole(bytes: Buffer): void {
    const text = isNoContent ? nullText : withoutByteOrderMark(bytes);
    if (text.length === 0) return settle(failed('invalid_response', 'the answer is empty', { reason: 'empty' }));
    inTurn(() => {
      if (!isStopped) settle(toOutcome(text));
    });
  }

  function toOutcome(text: Buffer): Outcome<T> {
    try {
      return decodeBody(text, headers, json, decode);
    } catch (cause) {
      return { status: 'failed', failure: toInternalFailure(cause, 'the check of an answer') };
    }
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      // Stopped while it waited for a connection. Thrown, it lets the next one have it; aborted, it would destroy it unused.
      if (state === 'over') throw stopped;
      expectWire((given) => {
        wire = given;
      });
    },
    onResponseStart(_controller, status, received) {
      if (state !== 'head') return;
      if (status < 100 || status > 599 || status === 101) {
        return refuse(
          failed('protocol', 'the upstream answered with an impossible status', { reason: 'status', status }),
        );
      }
      if (status < 200) {
        interim += 1;
        if (interim > mostInterim) refuse(failed('protocol', 'too many interim answers', { reason: 'interim' }));
        return;
      }
      if (toCount(controller?.rawHeaders) > mostHeaders) {
        return refuse(failed('protocol', 'the answer has too many header fields', { reason: 'headers_too_many' }));
      }
      headers = received;
      onHead(status);
    },
    onResponseData(_controller, chunk) {
      if (wire) wire.body += chunk.length;
      if (state === 'body') {
        if (!body.add(chunk)) refuse(tooLarge(maxBytes));
        else if (hold?.(chunk.length) === false) refuse(tooMuch);
      } else if (state === 'discard') {
        discarded += chunk.length;
        if (discarded > discardBytes) stop();
      }
    },
    onResponseEnd() {
      stopDiscarding();
      const wasBody = state === 'body';
      state = 'over';
      if (!wasBody) return;
      // undici takes a reset for the end of a body that has neither length nor chunks.
      if (wire?.socket.errored) return settle(toFailed(wire.socket.errored, true));
      if (isNoContent || !isGzip(headers)) return onWhole(body.toBuffer());
      stopInflating = inflate(body.toBuffer(), maxBytes, (result) => {
        if (!Buffer.isBuffer(result)) settle(result);
        else if (hold?.(result.length) === false) settle(tooMuch);
        else onWhole(result);
      });
    },
    onResponseError(_controller, error) {
      stopDiscarding();
      const before = state;
      state = 'over';
      if (before === 'discard' || before === 'over') return;
      const outcome = toFailed(error, before === 'body');
      if (isContinue(outcome) || (wire && isUntouched(wire) && isLoss(outcome))) onLost(outcome);
      else settle(outcome);
    },
  };

  return { handler, stop };
}

const isGzip = (headers: AnswerHeaders): boolean => /gzip/i.test(String(headers['content-encoding'] ?? ''));

/** undici gave up on a 100 Continue, which a client has to bear (RFC 9110, 15.2). */
export const isContinue = ({ failure }: Failed): boolean => failure.reason === 'continue';

/** The connection itself is gone, as against a call that was stopped here. */
const isLoss = ({ failure }: Failed): boolean => failure.reason === 'reset' || failure.reason === 'closed';

/** Raw headers are a flat list of names and values. */
const toCount = (rawHeaders: unknown): number => (Array.isArray(rawHeaders) ? rawHeaders.length / 2 : 0);
