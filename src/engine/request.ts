import type { Bytes } from './bytes.ts';
import type { CallContext } from './call.ts';
import type { AnswerForm } from './form.ts';
import type { AnswerHeaders, Outcome } from './outcome.ts';
import type { Path } from './path.ts';
import type { Shape } from './shape.ts';

/** Methods that a provider may use. */
export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

type QueryValue = string | number | boolean | undefined | readonly (string | number | boolean)[];

/** What a provider's `request` returns: everything that reaches the upstream, and nothing else does. */
export interface RequestParts {
  readonly path: Path;
  /** Encoded by the platform (WHATWG URL); `undefined` leaves the name out, a list repeats it. */
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  /** Names in any case. Framing and hop-by-hop names are refused. `undefined` leaves the name out. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** A request ready to be sent. */
export interface UpstreamRequest extends RequestParts {
  readonly method: Method;
  /** Whether the connection may be tried anew before a byte of the answer came (RFC 9110, 9.2.2). */
  readonly idempotent: boolean;
}

/** Turns the complete bytes of a successful answer, which the transport has found to be JSON, into an outcome. */
export interface Decode<T> {
  /**
   * `projected` is the text without fields beside those of `shape`, where the transport has dropped any; `selected` what it has
   * written by `form`, where it found nothing that does not match.
   */
  (bytes: Bytes, headers: AnswerHeaders, projected?: string, selected?: Buffer): Outcome<T>;
  /** What of the text is of use. Absent: all of it. */
  readonly shape?: Shape | undefined;
  /** What of the text is to be written, and the types it has. Absent: nothing, or more than types is to be checked. */
  readonly form?: AnswerForm | undefined;
}

/** One upstream's connection: sends one attempt. It never rejects and honours the context's scope. */
export type Transport = <T>(request: UpstreamRequest, context: CallContext, decode: Decode<T>) => Promise<Outcome<T>>;
