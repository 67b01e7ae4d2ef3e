import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { path, UnsafePathError } from '../../src/engine/path.ts';
import type { UpstreamRequest } from '../../src/engine/request.ts';
import { toTarget } from '../../src/http/target.ts';

const parts = { method: 'GET', idempotent: true, path: path`/search` } as const;

describe('the request target', () => {
  test.each([
    ['no query', undefined, ''],
    ['an empty query', {}, ''],
    ['only what is left out', { a: undefined, b: [] }, ''],
    ['text', { q: 'a b&c=d#e?f/g+h%20' }, '?q=a+b%26c%3Dd%23e%3Ff%2Fg%2Bh%2520'],
    ['other scripts', { ключ: 'é😀' }, '?%D0%BA%D0%BB%D1%8E%D1%87=%C3%A9%F0%9F%98%80'],
    ['line breaks', { a: '\r\n\0' }, '?a=%0D%0A%00'],
    ['half a character', { a: '\ud800' }, '?a=%EF%BF%BD'],
    ['numbers and booleans', { a: 1.5, b: false, c: 0, d: Number.NaN }, '?a=1.5&b=false&c=0&d=NaN'],
    ['an empty value', { a: '' }, '?a='],
    ['a list', { a: ['x', 2, true], b: 'y' }, '?a=x&a=2&a=true&b=y'],
  ])('%s', (_name, query, expected) => {
    expect(toTarget({ ...parts, query })).toBe(`/search${expected}`);
  });

  test('is refused where the path was not made with path', () => {
    for (const made of ['"/search"', 'null', '{"value":"/a b"}']) {
      const request: UpstreamRequest = { ...parts, path: JSON.parse(made) };
      expect(() => toTarget(request)).toThrow(TypeError);
    }
  });

  test.each([
    ['null', null],
    ['an object', { a: 1 }],
    ['a set', new Set(['a'])],
    ['a function', () => 'secret'],
    ['null in a list', ['a', null]],
    ['a gap in a list', ['a', undefined]],
    ['a list in a list', [['a']]],
  ])('is refused with %s in the query, by the name of the field', (_name, value) => {
    const made: UpstreamRequest = { ...parts, query: { q: 'a', limit: value as never } };
    expect(() => toTarget(made)).toThrow(TypeError);
    expect(() => toTarget(made)).toThrow('the query field "limit"');
  });

  test('whatever the values, the URL has the origin and the segments of the template, and the values are whole', () => {
    const values = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('..', '.', '%2e%2e', '..%2f', '\\..\\', '//host', '@', '?', '#', 'a/b', '%', ';'),
    );
    fc.assert(
      fc.property(values, values, fc.dictionary(values, values), (one, two, query) => {
        const target = toTargetOrNothing(one, two, query);
        if (target === undefined) return;
        expect(target).toMatch(/^\/[\x21-\x7e]*$/);
        const url = new URL(target, 'https://api.example.com');
        expect(url.origin).toBe('https://api.example.com');
        expect(url.hash).toBe('');
        const segments = url.pathname.split('/');
        expect(segments.map(decodeURIComponent)).toEqual(['', 'v1', one, `item-${two}`]);
        expect([...url.searchParams]).toEqual(
          Object.entries(query).map((pair) => pair.map((text) => text.toWellFormed())),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

function toTargetOrNothing(one: string, two: string, query: Readonly<Record<string, string>>): string | undefined {
  try {
    return toTarget({ ...parts, path: path`/v1/${one}/item-${two}`, query });
  } catch (error) {
    if (error instanceof UnsafePathError) return undefined;
    throw error;
  }
}
