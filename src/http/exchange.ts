import type { Dispatcher } from 'undici';
import { startTimer } from '../engine/deadline.ts';
import { toInternalFailure } from '../engine/failure.ts';
import { type AnswerHeaders, type Failed, failed, type Outcome } from '../engine/outcome.ts';
import type { Decode } from '../engine/request.ts';
import type { JsonLimits } from '../json/check.ts';
import { BodyCollector, inflate, tooLarge, withoutByteOrderMark } from './body.ts';
import { toFailed } from './errors.ts';
import { decodeBody } from './json.ts';
import { toHeadFailure } from './status.ts';
import { inTurn } from './turn.ts';
import { expectWire, isUntouched, type Wire, type WireUser } from './wire.ts';

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

/**
 * One request and its answer on a connection: bounded in headers, interim answers and bytes. Time is the business of whoever
 * stops it. A class, unlike its neighbours: there are three in most requests, and closures would make each three times as large.
 */
export class Exchange<T> implements Dispatcher.DispatchHandler, WireUser {
  /** Given by the socket when the request is written. */
  wire: Wire | undefined;
  private readonly options: ExchangeOptions<T>;
  private readonly body: BodyCollector;
  private controller: Dispatcher.DispatchController | undefined;
  private headers: AnswerHeaders = {};
  private state: 'head' | 'body' | 'discard' | 'over' = 'head';
  private isStopped = false;
  private isNoContent = false;
  private interim = 0;
  private discarded = 0;
  private stopWork: (() => void) | undefined;

  constructor(options: ExchangeOptions<T>) {
    this.options = options;
    this.body = new BodyCollector(options.maxBytes);
  }

  /** Ends it and destroys the connection. Nothing is settled. */
  stop(): void {
    this.state = 'over';
    this.isStopped = true;
    this.stopWork?.();
    if (this.controller) abortCheaply(this.controller);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // Stopped while it waited for a connection. Thrown, it lets the next one have it; aborted, it would destroy it unused.
    if (this.state === 'over') throw stopped;
    expectWire(this);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    if (this.state !== 'head') return;
    if (status < 100 || status > 599 || status === 101) {
      return this.refuse(
        failed('protocol', 'the upstream answered with an impossible status', { reason: 'status', status }),
      );
    }
    if (status < 200) {
      this.interim += 1;
      if (this.interim > mostInterim) {
        this.refuse(failed('protocol', 'too many interim answers', { reason: 'interim' }));
      }
      return;
    }
    if (toCount(this.controller?.rawHeaders) > mostHeaders) {
      return this.refuse(failed('protocol', 'the answer has too many header fields', { reason: 'headers_too_many' }));
    }
    this.headers = headers;
    this.onHead(status);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.wire) this.wire.body += chunk.length;
    if (this.state === 'body') {
      if (!this.body.add(chunk)) this.refuse(tooLarge(this.options.maxBytes));
      else if (this.options.hold?.(chunk.length) === false) this.refuse(tooMuch);
    } else if (this.state === 'discard') {
      this.discarded += chunk.length;
      if (this.discarded > discardBytes) this.stop();
    }
  }

  onResponseEnd(): void {
    this.stopWork?.();
    const wasBody = this.state === 'body';
    this.state = 'over';
    if (!wasBody) return;
    const { maxBytes, hold, settle } = this.options;
    // undici takes a reset for the end of a body that has neither length nor chunks.
    if (this.wire?.socket.errored) return settle(toFailed(this.wire.socket.errored, true));
    if (this.isNoContent || !isGzip(this.headers)) return this.onWhole(this.body.toBuffer());
    this.stopWork = inflate(this.body.toBuffer(), maxBytes, (result) => {
      if (!Buffer.isBuffer(result)) settle(result);
      else if (hold?.(result.length) === false) settle(tooMuch);
      else this.onWhole(result);
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.stopWork?.();
    const before = this.state;
    this.state = 'over';
    if (before === 'discard' || before === 'over') return;
    const outcome = toFailed(error, before === 'body');
    if (isContinue(outcome) || (this.wire && isUntouched(this.wire) && isLoss(outcome))) this.options.onLost(outcome);
    else this.options.settle(outcome);
  }

  private refuse(outcome: Failed): void {
    this.options.settle(outcome);
    this.stop();
  }

  private onHead(status: number): void {
    const { maxBytes, settle } = this.options;
    this.isNoContent = status === 204;
    const failure = toHeadFailure(status, this.headers);
    // Whoever sends 205 with a body does not know where it ends (RFC 9110, 15.3.6).
    if (failure && status === 205) this.refuse(failure);
    else if (failure) {
      settle(failure);
      this.state = 'discard';
      this.stopWork = startTimer(discardMs, () => this.stop());
    } else if (Number(this.headers['content-length']) > maxBytes) this.refuse(tooLarge(maxBytes));
    else this.state = 'body';
  }

  private onWhole(bytes: Buffer): void {
    const { settle } = this.options;
    const text = this.isNoContent ? nullText : withoutByteOrderMark(bytes);
    if (text.length === 0) return settle(failed('invalid_response', 'the answer is empty', { reason: 'empty' }));
    inTurn(() => {
      if (!this.isStopped) settle(this.toOutcome(text));
    });
  }

  private toOutcome(text: Buffer): Outcome<T> {
    try {
      return decodeBody(text, this.headers, this.options.json, this.options.decode);
    } catch (cause) {
      return { status: 'failed', failure: toInternalFailure(cause, 'the check of an answer') };
    }
  }
}

const isGzip = (headers: AnswerHeaders): boolean => /gzip/i.test(String(headers['content-encoding'] ?? ''));

/** undici gave up on a 100 Continue, which a client has to bear (RFC 9110, 15.2). */
export const isContinue = ({ failure }: Failed): boolean => failure.reason === 'continue';

/** The connection itself is gone, as against a call that was stopped here. */
const isLoss = ({ failure }: Failed): boolean => failure.reason === 'reset' || failure.reason === 'closed';

/** Raw headers are a flat list of names and values. */
const toCount = (rawHeaders: unknown): number => (Array.isArray(rawHeaders) ? rawHeaders.length / 2 : 0);
