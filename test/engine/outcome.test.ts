import { expect, test } from 'vitest';
import { failed, ok } from '../../src/engine/outcome.ts';

test('ok carries the value itself', () => {
  const value = { a: 1 };
  const outcome = ok(value);
  expect(outcome.status).toBe('ok');
  expect(outcome.value).toBe(value);
});

test('failed carries code, message and facts', () => {
  expect(failed('timeout', 'too late')).toEqual({
    status: 'failed',
    failure: { code: 'timeout', message: 'too late' },
  });
  expect(failed('rejected', 'no', { status: 403, reason: 'forbidden' })).toEqual({
    status: 'failed',
    failure: { code: 'rejected', message: 'no', status: 403, reason: 'forbidden' },
  });
});
