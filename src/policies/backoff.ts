/** How long to wait before a retry. */
export interface BackoffOptions {
  /** The longest wait before the first retry, milliseconds; it doubles with each. */
  readonly baseMs?: number;
  /** The longest wait before any retry, milliseconds. */
  readonly maxMs?: number;
}

/**
 * Milliseconds to wait before the retry (0 is the first), with full jitter: anything from nothing to the longest, so
 * that callers that failed together do not come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const toBackoffMs = (
  retry: number,
  {
    baseMs = 25, // a connection that was reset or an instance that was replaced is forgotten by then
    maxMs = 250, // people wait for the answer: above it the time is better left to the attempt itself
  }: BackoffOptions = {},
): number => Math.random() * Math.min(maxMs, baseMs * 2 ** retry);
