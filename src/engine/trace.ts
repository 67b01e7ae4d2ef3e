import { randomFillSync } from 'node:crypto';

/** The trace a request belongs to (W3C Trace Context). */
export interface Trace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Two hex digits; bit 0 is `sampled`. */
  readonly traceFlags: string;
}

const traceparentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const zeros = /^0+$/;

/** Reads a `traceparent` field; anything that is not one starts a trace of its own, unsampled. */
export function toTrace(traceparent: unknown): Trace {
  const match = typeof traceparent === 'string' ? traceparentForm.exec(traceparent) : null;
  const [, version, traceId = '', parentId = '', traceFlags = '', more] = match ?? [];
  const isValid =
    match && version !== 'ff' && !(version === '00' && more) && !zeros.test(traceId) && !zeros.test(parentId);
  return isValid ? { traceId, traceFlags } : { traceId: toRandomHex(16), traceFlags: '00' };
}

/** A `traceparent` field for a call within the trace, with a span of its own. */
export const toTraceparent = ({ traceId, traceFlags }: Trace): string =>
  `00-${traceId}-${toRandomHex(8)}-${traceFlags}`;

const pool = Buffer.alloc(4_096);
/** The pool as digits: one conversion for hundreds of ids. */
let digits = '';
let used = 0;

/** Random bytes as hex digits, drawn from a pool that is filled anew when it is used up. */
export function toRandomHex(bytes: number): string {
  const length = 2 * bytes;
  if (used + length > digits.length) {
    digits = randomFillSync(pool).toString('hex');
    used = 0;
  }
  used += length;
  return digits.slice(used - length, used);
}
