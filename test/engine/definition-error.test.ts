import { expect, test } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';

test('a definition error says what it is in logs', () => {
  const error = new DefinitionError('route GET /v1/x: no');
  expect(error).toBeInstanceOf(Error);
  expect(String(error)).toBe('DefinitionError: route GET /v1/x: no');
});
