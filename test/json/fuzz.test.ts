import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

test('both checks agree with each other and with JSON.parse on changed and made-up documents', () => {
  const counts = fuzz(2000);
  // Documents that all end the same way would show nothing.
  expect([...counts.keys()].toSorted()).toEqual([
    'lone_surrogate',
    'not_json',
    'not_utf8',
    'ok',
    'too_deep',
    'too_many_tokens',
  ]);
}, 60_000);
