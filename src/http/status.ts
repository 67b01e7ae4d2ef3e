import { type AnswerHeaders, type Failed, failed } from '../engine/outcome.ts';
import { isJson, toRetryAfterMs } from './headers.ts';

/**
 * What the head of a final answer (status 200 to 599) alone decides: a failure by its status or by what its headers
 * announce, or undefined where the body is wanted, or there is none and the status says so.
 */
export function toHeadFailure(status: number, headers: AnswerHeaders): Failed | undefined {
  if (status === 204 && !hasBody(headers)) return undefined;
  if (status === 204 || status === 205) {
    return failed('invalid_response', 'the answer is empty', { reason: 'empty', status });
  }
  if (status >= 200 && status <= 299) return toTypeFailure(headers, status);
  if (status >= 300 && status <= 399) {
    return failed('invalid_response', 'the upstream redirects, which is never followed', {
      reason: 'redirect',
      status,
    });
  }
  if (status === 404 || status === 410) return failed('not_found', 'the upstream does not know it', { status });
  if (status === 429) return failed('rate_limited', 'the upstream limits its rate', withRetryAfter(status, headers));
  if (status >= 400 && status <= 499) {
    return failed('rejected', 'the upstream rejected the request', withRetryAfter(status, headers));
  }
  return failed('upstream_error', `the upstream failed with status ${status}`, withRetryAfter(status, headers));
}

const withRetryAfter = (status: number, headers: AnswerHeaders) => ({
  status,
  retryAfterMs: toRetryAfterMs(headers['retry-after']),
});

/** A 204 that announces a body (RFC 9110, 8.6 forbids it) is not to be trusted. */
const hasBody = (headers: AnswerHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;

function toTypeFailure(headers: AnswerHeaders, status: number): Failed | undefined {
  const type = headers['content-type'];
  if (type !== undefined && !isJson(type)) {
    return failed('invalid_response', 'the answer is not JSON by its content type', { reason: 'content_type', status });
  }
  const coding = headers['content-encoding'];
  if (coding !== undefined && !isKnownCoding(coding)) {
    return failed('invalid_response', 'the answer has a coding that was not offered', { reason: 'coding', status });
  }
  return undefined;
}

const isKnownCoding = (coding: string | readonly string[]): boolean =>
  typeof coding === 'string' && /^(gzip|x-gzip|identity)?$/i.test(coding.trim());
