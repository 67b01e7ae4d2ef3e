import type { Bytes } from './bytes.ts';
import type { Failure, FailureCode } from './failure.ts';

/** Header names in lower case, values as the upstream sent them. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The call gave an answer. */
export interface Ok<T> {
  readonly status: 'ok';
  /** The answer, checked against the provider's `output`; parsed on first use where nothing needed it before. */
  readonly value: T;
  /** The upstream's own JSON text, checked; absent where the answer did not arrive as bytes or must not leave unchanged. */
  readonly bytes?: Bytes | undefined;
  /** What the template of a declared merge takes of it, as members of JSON; absent where nobody has selected it yet. */
  readonly selected?: Buffer | undefined;
  /** The upstream's response headers; only those that a route names ever leave. */
  readonly headers?: AnswerHeaders | undefined;
}

/** The call gave none. */
export interface Failed {
  readonly status: 'failed';
  readonly failure: Failure;
}

/** The source was not called. */
export interface Skipped {
  readonly status: 'skipped';
  /** The need that gave no answer, or `condition`. */
  readonly because: string;
}

/** How one call ended. */
export type Outcome<T> = Ok<T> | Failed;

/** How one source of a route ended. */
export type SourceOutcome = Outcome<unknown> | Skipped;

/** An answer that is already a value. */
export const ok = <T>(value: T): Ok<T> => ({ status: 'ok', value });

/** A failure with its code and its safe message; `facts` go to logs and policies only. */
export const failed = (code: FailureCode, message: string, facts?: Omit<Failure, 'code' | 'message'>): Failed => ({
  status: 'failed',
  failure: { code, message, ...facts },
});
