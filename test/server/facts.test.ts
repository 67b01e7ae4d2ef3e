import { describe, expect, test } from 'vitest';
import { toFacts, toRequestId } from '../../src/server/facts.ts';

describe('the facts of a request', () => {
  test.each([
    [{}, false],
    [{ 'x-envoy-attempt-count': '1' }, false],
    [{ 'x-envoy-attempt-count': '2' }, true],
    [{ 'x-envoy-attempt-count': 'x' }, false],
    [{ 'grpc-previous-rpc-attempts': '0' }, false],
    [{ 'grpc-previous-rpc-attempts': '1' }, true],
  ])('tell whether it is somebody else`s retry: %o', (headers, isRetry) => {
    expect(toFacts('r', headers)).toMatchObject({ requestId: 'r', isRetry });
  });

  test('hold nothing else of the client`s', () => {
    const facts = toFacts('r', { authorization: 'secret', cookie: 'secret', traceparent: 'x' });
    expect(Object.keys(facts).sort()).toEqual(['isRetry', 'requestId', 'traceFlags', 'traceId']);
    expect(JSON.stringify(facts)).not.toContain('secret');
  });
});

test('two requests without an id get two', () => {
  expect(toRequestId({ headers: {} })).not.toBe(toRequestId({ headers: {} }));
});
