import { type TSchema, Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { createValidatorCompiler } from '../../src/server/validation.ts';

const compile = (httpPart: string, schema: TSchema) =>
  createValidatorCompiler()({ schema, httpPart, method: 'GET', url: '/' });

describe('a path parameter', () => {
  const validate = compile('params', Type.Object({ id: Type.String() }));

  test.each(['', '.', '..', 'a\r\nb', 'a\u0000', '\u0085'])('%j is no segment, whatever its schema allows', (id) => {
    expect(validate({ id })).toMatchObject({ error: [{ instancePath: '/id', message: 'must be one path segment' }] });
  });

  test.each(['a', '...', '..a', '%2e%2e', 'a/b', 'ü'])('%j is for its schema to judge', (id) => {
    expect(validate({ id })).toBe(true);
  });
});

describe('a body', () => {
  const validate = compile('body', Type.Object({ sizes: Type.Array(Type.Integer()) }));
  const invalid = (count: number) => ({ sizes: Array<string>(count).fill('x') });

  test('that is small has all its errors listed', () => {
    expect(validate(invalid(3))).toMatchObject({
      error: ['/sizes/0', '/sizes/1', '/sizes/2'].map((instancePath) => ({ instancePath })),
    });
  });

  test('that is large has its first error only: to list them all would cost too much', () => {
    expect(validate(invalid(100_000))).toMatchObject({ error: [{ instancePath: '/sizes/0' }] });
    expect(validate(invalid(100_000))).not.toHaveProperty('error.1');
  });
});
