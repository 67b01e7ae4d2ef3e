import type { EngineEvent } from './events.ts';
import type { Forwarded } from './forward.ts';
import type { Outcome } from './outcome.ts';
import type { Scope } from './scope.ts';
import type { Trace } from './trace.ts';

/** An asynchronous operation on one upstream. It never rejects. */
export type Call<I, O> = (input: I, context: CallContext) => Promise<Outcome<O>>;

/** Wraps a call in one behaviour. It cannot change the call's types. */
export type Policy = <I, O>(next: Call<I, O>, info: CallInfo) => Call<I, O>;

/** Facts of the incoming request that a call may need; nothing else of the client's is within reach. */
export interface RequestFacts extends Trace {
  readonly requestId: string;
  /** The request is itself somebody's retry: ours would multiply it. */
  readonly isRetry: boolean;
  /** Accounts for bytes of an answer; false when more of them cannot be held. Absent: nobody counts. */
  readonly hold?: ((bytes: number) => boolean) | undefined;
}

/** Holds bytes for what several wait for: with anyone who still does, since whoever came first may have left. */
export function holdForOne(waiting: Iterable<Pick<RequestFacts, 'hold'>>, bytes: number): boolean {
  for (const { hold } of waiting) if (hold?.(bytes) !== false) return true;
  return false;
}

/** What one source counted while it ran. */
export interface CallRecord {
  /** Attempts that were sent, with hedges and what was sent again because its connection was lost. */
  attempts: number;
}

/** What a call may use while it runs. Policies derive a new one to shorten it, never to lengthen it. */
export interface CallContext {
  readonly scope: Scope;
  /** The absolute deadline on the monotonic clock, milliseconds. */
  readonly deadlineAt: number;
  readonly request: RequestFacts;
  /** What the upstream of this call gets of the client's headers, because it names them; a secret. Absent: nothing. */
  readonly forwarded?: Forwarded | undefined;
  readonly record: CallRecord;
  /** Pays for one more attempt that no policy makes; false when it must not be made. Absent: nobody counts. */
  readonly payExtra?: (() => boolean) | undefined;
}

/** State of a policy that operations wants to see; a flat picture, taken when asked. */
export interface Inspectable {
  snapshot(): Readonly<Record<string, string | number | boolean>>;
}

/** What a policy knows when it is bound, once, at start-up. */
export interface CallInfo {
  readonly upstream: string;
  readonly provider: string;
  /** Whether a second attempt does no harm (RFC 9110, 9.2.2). */
  readonly idempotent: boolean;
  /** Whether it only reads (RFC 9110, 9.2.1), so that one answer can serve several who ask at the same time. */
  readonly safe: boolean;
  /**
   * State that lives as long as the application: one for each upstream and key. The key is the policy itself, so one
   * policy given to an upstream has one state for all its providers.
   */
  readonly share: <T extends Inspectable>(key: object, create: () => T) => T;
  /** Tells operations that something changed. */
  readonly emit: (event: EngineEvent) => void;
}

const sharing = new WeakSet<object>();

/** Says of a call that identical ones in flight are one: whoever makes nothing but such calls may share all of them at once. */
export function markSharing<I, O>(call: Call<I, O>): Call<I, O> {
  sharing.add(call);
  return call;
}

/** Whether identical calls in flight are one, with all their policies. */
export const isSharing = (call: Call<never, unknown>): boolean => sharing.has(call);

/** Composes policies around a call, outermost first. */
export const compose = <I, O>(call: Call<I, O>, policies: readonly Policy[], info: CallInfo): Call<I, O> =>
  policies.reduceRight<Call<I, O>>((next, policy) => policy(next, info), call);
