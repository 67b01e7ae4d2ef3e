import { errors } from 'undici';
import { describe, expect, test } from 'vitest';
import { isRetryable } from '../../src/engine/failure.ts';
import { toFailed } from '../../src/http/errors.ts';
import { PrivateAddressError } from '../../src/http/lookup.ts';
import { EndlessFramingError } from '../../src/http/wire.ts';

const withCode = (code: string, message = 'secret 10.1.2.3') => Object.assign(new Error(message), { code });

describe('a transport error', () => {
  test.each([
    ['ECONNREFUSED', 'unreachable', 'connect_refused'],
    ['ECONNRESET', 'unreachable', 'reset'],
    ['EPIPE', 'unreachable', 'reset'],
    ['EHOSTUNREACH', 'unreachable', 'host_unreachable'],
    ['ENETUNREACH', 'unreachable', 'host_unreachable'],
    ['ETIMEDOUT', 'unreachable', 'connect_timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'unreachable', 'connect_timeout'],
    ['ENOTFOUND', 'unreachable', 'dns'],
    ['EAI_AGAIN', 'unreachable', 'dns'],
    ['ESERVFAIL', 'unreachable', 'dns'],
    ['ETIMEOUT', 'unreachable', 'dns'],
    ['CERT_HAS_EXPIRED', 'unreachable', 'tls'],
    ['CERT_NOT_YET_VALID', 'unreachable', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'unreachable', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unreachable', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unreachable', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'unreachable', 'tls'],
    ['EPROTO', 'unreachable', 'tls'],
    ['UND_ERR_HEADERS_OVERFLOW', 'protocol', 'headers_too_large'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'protocol', 'truncated'],
    ['ERR_ASSERTION', 'protocol', 'malformed'],
    ['SOMETHING_NEW', 'unreachable', 'unknown'],
  ])('%s is %s, %s', (code, failureCode, reason) => {
    const cause = withCode(code);
    const { failure } = toFailed(cause, false);
    expect(failure).toMatchObject({ code: failureCode, reason, cause });
    expect(failure.message).not.toContain('secret');
  });

  test('a closed connection cut an answer short, if there was one', () => {
    const closed = new errors.SocketError('other side closed');
    expect(toFailed(closed, false).failure).toMatchObject({ code: 'unreachable', reason: 'closed' });
    expect(toFailed(closed, true).failure).toMatchObject({ code: 'protocol', reason: 'truncated' });
  });

  test.each([
    ['bad upgrade', 'malformed'],
    ['bad response', 'continue'],
  ])('"%s" is not valid HTTP: %s', (message, reason) => {
    expect(toFailed(new errors.SocketError(message), false).failure).toMatchObject({ code: 'protocol', reason });
  });

  test('errors without a code are known by their names', () => {
    expect(toFailed(new errors.HTTPParserError('x'), false).failure).toMatchObject({
      code: 'protocol',
      reason: 'malformed',
    });
    expect(toFailed(new EndlessFramingError('x'), true).failure).toMatchObject({
      code: 'protocol',
      reason: 'malformed',
    });
    expect(toFailed(new PrivateAddressError('x'), false).failure).toMatchObject({
      code: 'unreachable',
      reason: 'address_refused',
    });
    expect(toFailed(new Error('x'), false).failure).toMatchObject({ code: 'unreachable', reason: 'unknown' });
  });

  test('of several addresses, the first speaks', () => {
    const all = new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]);
    expect(toFailed(all, false).failure).toMatchObject({ reason: 'connect_refused' });
    expect(toFailed(new AggregateError([]), false).failure).toMatchObject({ reason: 'unknown' });
  });

  test('of TLS, or of an address that is not allowed, is not worth another attempt', () => {
    expect(isRetryable(toFailed(withCode('CERT_HAS_EXPIRED'), false).failure)).toBe(false);
    expect(isRetryable(toFailed(new PrivateAddressError('x'), false).failure)).toBe(false);
    expect(isRetryable(toFailed(withCode('ECONNREFUSED'), false).failure)).toBe(true);
  });
});
