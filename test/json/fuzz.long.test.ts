import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

test('both checks agree with each other and with JSON.parse on 200,000 changed and made-up documents', () => {
  expect(fuzz(200_000).size).toBe(6);
}, 600_000);
