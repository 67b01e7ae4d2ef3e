import { describe, expect, test } from 'vitest';
import { toHeadFailure } from '../../src/http/status.ts';

const json = { 'content-type': 'application/json' };

describe('a head that lets the body be wanted', () => {
  test.each([
    [200, json],
    [200, {}],
    [200, { ...json, 'content-encoding': 'gzip' }],
    [200, { ...json, 'content-encoding': 'X-Gzip ' }],
    [200, { ...json, 'content-encoding': 'identity' }],
    [200, { ...json, 'content-encoding': '' }],
    [201, json],
    [206, json],
    [299, json],
    [204, {}],
    [204, { 'content-type': 'text/html', 'content-length': '0' }],
  ])('%i %o', (status, headers) => {
    expect(toHeadFailure(status, headers)).toBeUndefined();
  });
});

describe('a head that is a failure', () => {
  test.each([
    [204, { 'content-length': '7' }, 'invalid_response', 'empty'],
    [204, { 'transfer-encoding': 'chunked' }, 'invalid_response', 'empty'],
    [205, {}, 'invalid_response', 'empty'],
    [200, { 'content-type': 'text/html' }, 'invalid_response', 'content_type'],
    [200, { 'content-type': ['application/json', 'application/json'] }, 'invalid_response', 'content_type'],
    [200, { ...json, 'content-encoding': 'br' }, 'invalid_response', 'coding'],
    [200, { ...json, 'content-encoding': 'deflate' }, 'invalid_response', 'coding'],
    [200, { ...json, 'content-encoding': 'gzip, gzip' }, 'invalid_response', 'coding'],
    [200, { ...json, 'content-encoding': ['gzip', 'gzip'] }, 'invalid_response', 'coding'],
    [300, json, 'invalid_response', 'redirect'],
    [301, json, 'invalid_response', 'redirect'],
    [304, json, 'invalid_response', 'redirect'],
    [399, json, 'invalid_response', 'redirect'],
    [400, json, 'rejected', undefined],
    [401, json, 'rejected', undefined],
    [404, json, 'not_found', undefined],
    [408, json, 'rejected', undefined],
    [410, json, 'not_found', undefined],
    [425, json, 'rejected', undefined],
    [429, json, 'rate_limited', undefined],
    [499, json, 'rejected', undefined],
    [500, json, 'upstream_error', undefined],
    [503, json, 'upstream_error', undefined],
    [599, json, 'upstream_error', undefined],
  ])('%i %o is %s', (status, headers, code, reason) => {
    const failure = toHeadFailure(status, headers)?.failure;
    expect(failure).toMatchObject({ code, status });
    expect(failure?.reason).toBe(reason);
  });

  test.each([408, 425, 429, 500, 503])('%i says when to come back, where it does', (status) => {
    expect(toHeadFailure(status, { 'retry-after': '7' })?.failure.retryAfterMs).toBe(7_000);
    expect(toHeadFailure(status, { 'retry-after': 'soon' })?.failure.retryAfterMs).toBeUndefined();
    expect(toHeadFailure(status, {})?.failure.retryAfterMs).toBeUndefined();
  });

  test('never repeats what the upstream sent', () => {
    const headers = {
      'content-type': 'text/secret',
      'content-encoding': 'secret',
      location: 'secret',
      'retry-after': 'secret',
    };
    for (let status = 200; status < 600; status += 1) {
      expect(JSON.stringify(toHeadFailure(status, headers) ?? '')).not.toContain('secret');
    }
  });
});
