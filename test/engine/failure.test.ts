import { describe, expect, test } from 'vitest';
import {
  type Failure,
  type FailureCode,
  failures,
  isCharged,
  isRetryable,
  toInternalFailure,
} from '../../src/engine/failure.ts';

const codes = Object.keys(failures) as readonly FailureCode[]; // the keys of a literal that nobody extends
const fail = (code: FailureCode, facts: Partial<Failure> = {}): Failure => ({ code, message: code, ...facts });

test('every code has the status, the charge and the first guess at a retry that the table promises', () => {
  const rows = codes.map((code) => [code, failures[code].http, isCharged(fail(code)), isRetryable(fail(code))]);
  expect(rows).toEqual([
    ['timeout', 504, true, true],
    ['unreachable', 502, true, true],
    ['protocol', 502, true, false],
    ['upstream_error', 502, true, false],
    ['rate_limited', 503, false, false],
    ['not_found', 404, false, false],
    ['rejected', 502, false, false],
    ['invalid_response', 502, true, false],
    ['too_large', 502, true, false],
    ['circuit_open', 503, false, false],
    ['saturated', 503, false, false],
    ['cancelled', 499, false, false],
    ['internal', 500, false, false],
  ]);
});

describe('what decides about a retry beside the code', () => {
  test.each([
    [fail('upstream_error', { status: 500 }), false],
    [fail('upstream_error', { status: 501 }), false],
    [fail('upstream_error', { status: 502 }), true],
    [fail('upstream_error', { status: 503 }), true],
    [fail('upstream_error', { status: 504 }), true],
    [fail('rejected', { status: 400 }), false],
    [fail('rejected', { status: 408 }), true],
    [fail('rejected', { status: 425 }), true],
    [fail('rate_limited', { status: 429, retryAfterMs: 1_000 }), true],
    [fail('rate_limited', { status: 429, retryAfterMs: 0 }), true],
    [fail('unreachable', { reason: 'connect_refused' }), true],
    [fail('unreachable', { reason: 'tls' }), false],
    [fail('unreachable', { reason: 'address_refused' }), false],
  ])('%o: %s', (failure, expected) => {
    expect(isRetryable(failure)).toBe(expected);
  });
});

test('titles are distinct and say nothing about anybody', () => {
  const titles = codes.map((code) => failures[code].title);
  expect(new Set(titles).size).toBe(codes.length);
});

test('an exception becomes an internal failure whose message names the place and keeps the cause for the log', () => {
  const cause = new Error('password=hunter2');
  const failure = toInternalFailure(cause, 'provider shop/product');
  expect(failure).toEqual({
    code: 'internal',
    message: 'a defect in provider shop/product',
    reason: 'exception',
    cause,
  });
});
