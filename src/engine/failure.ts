/** One row of the failure table: what a code means to policies and to the client. */
interface FailureRule {
  /** Short, stable, shown as the problem's `title`. */
  readonly title: string;
  /** HTTP status when a required source fails this way. */
  readonly http: number;
  /** Whether the failure says something bad about the upstream (breakers and ejection count it). */
  readonly counts: boolean;
  /** Whether another attempt may succeed, for an idempotent call. */
  readonly retryable: (failure: Failure) => boolean;
}

const retryableStatuses: ReadonlySet<number> = new Set([408, 425, 502, 503, 504]);
const always = () => true;
const never = () => false;
const byStatus = (failure: Failure) => retryableStatuses.has(failure.status ?? 0);

/**
 * The closed table of failure codes. `docs/failures.md` has a row for each; a test holds the two together.
 * Every decision about a failure is a column here, so that no `switch` on codes exists anywhere.
 */
export const failures = {
  timeout: { title: 'Upstream took too long', http: 504, counts: true, retryable: always },
  unreachable: {
    title: 'Upstream unreachable',
    http: 502,
    counts: true,
    retryable: (failure) => failure.reason !== 'tls' && failure.reason !== 'address_refused',
  },
  protocol: { title: 'Upstream broke the protocol', http: 502, counts: true, retryable: never },
  upstream_error: {
    title: 'Upstream failed',
    http: 502,
    counts: true,
    retryable: (failure) => failure.isElsewherePossible === true || byStatus(failure),
  },
  rate_limited: {
    title: 'Upstream limits its rate',
    http: 503,
    counts: false,
    retryable: (failure) => failure.retryAfterMs !== undefined,
  },
  not_found: { title: 'Not found', http: 404, counts: false, retryable: never },
  rejected: { title: 'Upstream rejected the request', http: 502, counts: false, retryable: byStatus },
  invalid_response: { title: 'Upstream answer invalid', http: 502, counts: true, retryable: never },
  too_large: { title: 'Upstream answer too large', http: 502, counts: true, retryable: never },
  circuit_open: { title: 'Upstream is being spared', http: 503, counts: false, retryable: never },
  saturated: { title: 'Upstream is saturated', http: 503, counts: false, retryable: never },
  cancelled: { title: 'Cancelled', http: 499, counts: false, retryable: never },
  internal: { title: 'Internal error', http: 500, counts: false, retryable: never },
} as const satisfies Record<string, FailureRule>;

/** Why a call did not give an answer. */
export type FailureCode = keyof typeof failures;

/** A failure as data. Only `code` and `message` are shown to clients; everything else is for logs and policies. */
export interface Failure {
  readonly code: FailureCode;
  /** Safe to show: no upstream URL, address, body, header or stack. */
  readonly message: string;
  /** The finer cause in snake_case: `connect_refused`, `dns`, `tls`, `truncated`, ... */
  readonly reason?: string | undefined;
  /** The upstream's HTTP status, where one arrived. */
  readonly status?: number | undefined;
  /** What a strictly parsed Retry-After asked for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The upstream has other addresses, and one of those may do better. */
  readonly isElsewherePossible?: boolean | undefined;
  /** The original error or facts, never shown. */
  readonly cause?: unknown;
}

/** Whether another attempt of an idempotent call may succeed after this failure. */
export const isRetryable = (failure: Failure): boolean => failures[failure.code].retryable(failure);

/** Whether this failure speaks against the upstream. */
export const isCharged = (failure: Failure): boolean => failures[failure.code].counts;

/** The one place where an exception of provider or route code becomes a failure. */
export const toInternalFailure = (cause: unknown, where: string): Failure => ({
  code: 'internal',
  message: `a defect in ${where}`,
  reason: 'exception',
  cause,
});
