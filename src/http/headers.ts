import type { UpstreamRequest } from '../engine/request.ts';

/** `application/json` and every `+json` type (RFC 6839), whatever its parameters. */
const jsonType = /^[ \t]*(?:application|text)\/(?:json|[!#$%&'*+.^_`|~0-9a-z-]+\+json)[ \t]*(?:;|$)/i;

/** Whether a Content-Type says JSON. Repeated fields do not. */
export const isJson = (type: string | readonly string[]): boolean => typeof type === 'string' && jsonType.test(type);

/** The longest wait a Retry-After can ask for, milliseconds. */
const longestRetryAfterMs = 60_000;

/**
 * Reads a Retry-After field strictly (RFC 9110, 10.2.3): seconds or an IMF-fixdate, once. A date that has passed is 0.
 * Clamped to 60,000 ms. Anything else is as if absent.
 */
export function toRetryAfterMs(value: string | readonly string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1_000, longestRetryAfterMs);
  const at = new Date(value);
  // Date takes almost anything; IMF-fixdate is the one form that may be sent (RFC 9110, 5.6.7), and what it writes itself.
  if (Number.isNaN(at.getTime()) || at.toUTCString() !== value) return undefined;
  return Math.min(Math.max(0, at.getTime() - Date.now()), longestRetryAfterMs);
}

/** Framing and hop-by-hop fields, and those that the transport sets itself: not a provider's to send. */
const reserved = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'traceparent',
  'upgrade',
]);

/** A provider tried to send a header that is not its own. */
export class HeaderError extends Error {
  override readonly name = 'HeaderError';
}

/**
 * The header fields of a request: the transport's own, and the provider's. Undefined when a value has characters that no
 * field can have.
 *
 * @throws HeaderError for a name that is not a provider's to send or a value that is no text, which are defects of the
 *   provider.
 */
export function toHeaders(request: UpstreamRequest, traceparent: string): string[] | undefined {
  const headers = ['accept-encoding', 'gzip', 'traceparent', traceparent];
  const own = request.headers;
  let hasAccept = false;
  let hasType = false;
  for (const given in own) {
    const value = own[given];
    if (value === undefined) continue;
    const name = given.toLowerCase();
    if (reserved.has(name) || !tokenForm.test(name))
      throw new HeaderError(`a provider cannot set the header "${name}"`);
    // Plain JavaScript can give anything.
    if (typeof value !== 'string') throw new HeaderError(`the value of the header "${name}" is not text`);
    if (!valueForm.test(value)) return undefined;
    if (name === 'accept') hasAccept = true;
    if (name === 'content-type') hasType = true;
    headers.push(name, value);
  }
  if (!hasAccept) headers.push('accept', 'application/json');
  if (!hasType && request.body !== undefined) headers.push('content-type', 'application/json');
  return headers;
}

/** RFC 9110, 5.1 and 5.5; octets above ASCII are obsolete text. */
const tokenForm = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;
