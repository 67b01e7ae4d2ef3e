import type { Dispatcher } from 'undici';
import { type Bytes, toWhole } from '../engine/bytes.ts';
import { startTimer } from '../engine/deadline.ts';
import { toInternalFailure } from '../engine/failure.ts';
import { type AnswerHeaders, type Failed, failed, type Outcome } from '../engine/outcome.ts';
import type { Decode } from '../engine/request.ts';
import type { JsonLimits } from '../json/check.ts';
import { addChunk, type Body, createBody, inflate, toBytes, tooLarge, withoutByteOrderMark } from './body.ts';
import { toFailed } from './errors.ts';
import { decodeBody } from './json.ts';
import { toHeadFailure } from './status.ts';
import { inTurn } from './turn.ts';
import { expectWire, isUntouched, type WireUser } from './wire.ts';

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

/** One request and its answer on a connection: what undici tells of it, and what ends it. */
export interface Exchange extends WireUser {
  onRequestStart(controller: Dispatcher.DispatchController): void;
  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void;
  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void;
  onResponseEnd(): void;
  onResponseError(controller: Dispatcher.DispatchController, error: Error): void;
  /** Ends it and destroys the connection. Nothing is settled. */
  stop(): void;
}

/** How far an exchange has come. */
interface Progress<T> extends Exchange {
  readonly options: ExchangeOptions<T>;
  readonly body: Body;
  controller: Dispatcher.DispatchController | undefined;
  headers: AnswerHeaders;
  state: 'head' | 'body' | 'discard' | 'over';
  isStopped: boolean;
  isNoContent: boolean;
  interim: number;
  discarded: number;
  /** Calls off what goes on beside undici: a timer, or the decoding of a body. */
  callOff: (() => void) | undefined;
}

/**
 * Reads one answer: bounded in headers, interim answers and bytes. Time is the business of whoever stops it. A record with functions
 * that all exchanges have in common: there are three in most requests, and closures of their own took 3 KB of each request.
 */
export function createExchange<T>(options: ExchangeOptions<T>): Exchange {
  const progress: Progress<T> = {
    wire: undefined,
    options,
    body: createBody(options.maxBytes),
    controller: undefined,
    headers: {},
    state: 'head',
    isStopped: false,
    isNoContent: false,
    interim: 0,
    discarded: 0,
    callOff: undefined,
    onRequestStart,
    onResponseStart,
    onResponseData,
    onResponseEnd,
    onResponseError,
    stop,
  };
  return progress;
}

function stop<T>(this: Progress<T>): void {
  this.state = 'over';
  this.isStopped = true;
  this.callOff?.();
  if (this.controller) abortCheaply(this.controller);
}

function onRequestStart<T>(this: Progress<T>, controller: Dispatcher.DispatchController): void {
  this.controller = controller;
  // Stopped while it waited for a connection. Thrown, it lets the next one have it; aborted, it would destroy it unused.
  if (this.state === 'over') throw stopped;
  expectWire(this);
}

function onResponseStart<T>(
  this: Progress<T>,
  _controller: Dispatcher.DispatchController,
  status: number,
  headers: AnswerHeaders,
): void {
  if (this.state !== 'head') return;
  if (status < 100 || status > 599 || status === 101) {
    return refuse(
      this,
      failed('protocol', 'the upstream answered with an impossible status', { reason: 'status', status }),
    );
  }
  if (status < 200) {
    this.interim += 1;
    if (this.interim > mostInterim) refuse(this, failed('protocol', 'too many interim answers', { reason: 'interim' }));
    return;
  }
  if (toCount(this.controller?.rawHeaders) > mostHeaders) {
    return refuse(this, failed('protocol', 'the answer has too many header fields', { reason: 'headers_too_many' }));
  }
  this.headers = headers;
  onHead(this, status);
}

function onResponseData<T>(this: Progress<T>, _controller: Dispatcher.DispatchController, chunk: Buffer): void {
  if (this.wire) this.wire.body += chunk.length;
  if (this.state === 'body') {
    if (!addChunk(this.body, chunk)) refuse(this, tooLarge(this.options.maxBytes));
    else if (this.options.hold?.(chunk.length) === false) refuse(this, tooMuch);
  } else if (this.state === 'discard') {
    this.discarded += chunk.length;
    if (this.discarded > discardBytes) this.stop();
  }
}

function onResponseEnd<T>(this: Progress<T>): void {
  this.callOff?.();
  const wasBody = this.state === 'body';
  this.state = 'over';
  if (!wasBody) return;
  const { options } = this;
  // undici takes a reset for the end of a body that has neither length nor chunks.
  if (this.wire?.socket.errored) return options.settle(toFailed(this.wire.socket.errored, true));
  const bytes = toBytes(this.body);
  if (this.isNoContent || !isGzip(this.headers)) return onWhole(this, bytes);
  this.callOff = inflate(toWhole(bytes), options.maxBytes, (result) => {
    if (!Buffer.isBuffer(result)) options.settle(result);
    else if (options.hold?.(result.length) === false) options.settle(tooMuch);
    else onWhole(this, result);
  });
}

function onResponseError<T>(this: Progress<T>, _controller: Dispatcher.DispatchController, error: Error): void {
  this.callOff?.();
  const before = this.state;
  this.state = 'over';
  if (before === 'discard' || before === 'over') return;
  const outcome = toFailed(error, before === 'body');
  if (isContinue(outcome) || (this.wire && isUntouched(this.wire) && isLoss(outcome))) this.options.onLost(outcome);
  else this.options.settle(outcome);
}

function refuse<T>(exchange: Progress<T>, outcome: Failed): void {
  exchange.options.settle(outcome);
  exchange.stop();
}

function onHead<T>(exchange: Progress<T>, status: number): void {
  const { options } = exchange;
  exchange.isNoContent = status === 204;
  const failure = toHeadFailure(status, exchange.headers);
  // Whoever sends 205 with a body does not know where it ends (RFC 9110, 15.3.6).
  if (failure && status === 205) refuse(exchange, failure);
  else if (failure) {
    options.settle(failure);
    exchange.state = 'discard';
    const timer = startTimer(discardMs, () => exchange.stop());
    exchange.callOff = () => clearTimeout(timer);
  } else if (Number(exchange.headers['content-length']) > options.maxBytes)
    refuse(exchange, tooLarge(options.maxBytes));
  else exchange.state = 'body';
}

function onWhole<T>(exchange: Progress<T>, bytes: Bytes): void {
  const { options } = exchange;
  const text = exchange.isNoContent ? nullText : withoutByteOrderMark(bytes);
  if (text.length === 0) return options.settle(failed('invalid_response', 'the answer is empty', { reason: 'empty' }));
  inTurn(() => {
    if (!exchange.isStopped) options.settle(toOutcome(exchange, text));
  });
}

function toOutcome<T>({ options: { json, decode }, headers }: Progress<T>, text: Bytes): Outcome<T> {
  try {
    return decodeBody(text, headers, json, decode);
  } catch (cause) {
    return { status: 'failed', failure: toInternalFailure(cause, 'the check of an answer') };
  }
}

function isGzip(headers: AnswerHeaders): boolean {
  const coding = headers['content-encoding'];
  return coding !== undefined && /gzip/i.test(String(coding));
}

/** undici gave up on a 100 Continue, which a client has to bear (RFC 9110, 15.2). */
export const isContinue = ({ failure }: Failed): boolean => failure.reason === 'continue';

/** The connection itself is gone, as against a call that was stopped here. */
const isLoss = ({ failure }: Failed): boolean => failure.reason === 'reset' || failure.reason === 'closed';

/** Raw headers are a flat list of names and values. */
const toCount = (rawHeaders: unknown): number => (Array.isArray(rawHeaders) ? rawHeaders.length / 2 : 0);
