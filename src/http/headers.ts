import { type Forwarded, headerNameForm, transportHeaders } from '../engine/forward.ts';
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

/** A provider tried to send a header that is not its own. */
export class HeaderError extends Error {
  override readonly name = 'HeaderError';
}

/**
 * The header fields of a request: the transport's own, the provider's, and what the upstream gets of the client's, but for what
 * the provider sets itself. Undefined when a value has characters that no field can have.
 *
 * @throws HeaderError for a name that is not a provider's to send or a value that is no text, which are defects of the
 *   provider.
 */
export function toHeaders(request: UpstreamRequest, traceparent: string, forwarded?: Forwarded): string[] | undefined {
  const headers = ['accept-encoding', 'gzip', 'traceparent', traceparent];
  const own = request.headers;
  for (const given in own) {
    const value = own[given];
    if (value === undefined) continue;
    const name = given.toLowerCase();
    if (transportHeaders.has(name) || !headerNameForm.test(name))
      throw new HeaderError(`a provider cannot set the header "${name}"`);
    // Plain JavaScript can give anything.
    if (typeof value !== 'string') throw new HeaderError(`the value of the header "${name}" is not text`);
    if (!valueForm.test(value)) return undefined;
    headers.push(name, value);
  }
  for (const name in forwarded) {
    const value = forwarded[name];
    if (value === undefined || hasField(headers, name)) continue;
    if (!valueForm.test(value)) return undefined;
    headers.push(name, value);
  }
  if (!hasField(headers, 'accept')) headers.push('accept', 'application/json');
  if (request.body !== undefined && !hasField(headers, 'content-type'))
    headers.push('content-type', 'application/json');
  // Without the room to grow, which is kept as long as the call.
  return headers.slice();
}

/** Whether a flat list of names and values has the name. */
function hasField(headers: readonly string[], name: string): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return true;
  return false;
}

/** RFC 9110, 5.5; octets above ASCII are obsolete text. */
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;
