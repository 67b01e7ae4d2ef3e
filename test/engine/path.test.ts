import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { path, UnsafePathError } from '../../src/engine/path.ts';

const origin = 'https://api.example.com';

test('values become encoded segments of the template', () => {
  expect(path`/v1/products/${'chair'}/reviews/${7}`).toEqual({ kind: 'path', value: '/v1/products/chair/reviews/7' });
  expect(path`/a/${'x/y?z#é %2f'}`.value).toBe('/a/x%2Fy%3Fz%23%C3%A9%20%252f');
  expect(path`/`.value).toBe('/');
  expect(path`/files/${'report'}.${'v1'}/${-0.5}`.value).toBe('/files/report.v1/-0.5');
});

describe('a value that cannot be one segment', () => {
  test.each([
    ['a dot segment', '.'],
    ['a dot segment', '..'],
    ['empty', ''],
    ['a control character', 'a\nb'],
    ['a control character', 'a\u0000'],
    ['a control character', '\u007f'],
    ['a control character', '\u0085'],
    ['well-formed', '\ud800'],
    ['no text or number', Number.NaN],
    ['no text or number', Number.POSITIVE_INFINITY],
  ])('(%s) is refused, and the message does not repeat it', (why, value) => {
    const build = () => path`/a/${'fine'}/${value}`;
    expect(build).toThrow(UnsafePathError);
    expect(build).toThrow(/^value 2 of the path [^.]*$/);
    expect(build).toThrow(why);
  });

  test('of another type is refused', () => {
    // @ts-expect-error plain JavaScript can pass anything
    expect(() => path`/a/${['..']}`).toThrow('value 1 of the path is no text or number');
    // @ts-expect-error plain JavaScript can pass anything
    expect(() => path`/a/${undefined}`).toThrow('value 1 of the path is no text or number');
  });
});

describe('a template', () => {
  const x = 'x';
  test.each([
    ['begins with /', () => path`products/${x}`],
    ['begins with /', () => path``],
    ['holds no query', () => path`/products?id=${x}`],
    ['holds no query', () => path`/products/${x}#top`],
    ['holds no query', () => path`/a b`],
    ['holds no query', () => path`/a\\b`],
    ['holds no dot segment', () => path`/a/../${x}`],
    ['holds no dot segment', () => path`/a/.`],
    ['holds no dot segment', () => path`/a/%2e%2E/${x}`],
    ['holds no dot segment', () => path`/a/.%2e`],
    ['holds no % but in an escape', () => path`/a/%${x}`],
    ['holds no % but in an escape', () => path`/a/%2${x}`],
    ['holds no % but in an escape', () => path`/a/100%`],
    ['holds no empty segment', () => path`//evil.example.com/${x}`],
    ['holds no empty segment', () => path`/a//${x}`],
  ])('that breaks "%s" is refused', (rule, build) => {
    expect(build).toThrow(UnsafePathError);
    expect(build).toThrow(`a path ${rule}`);
  });

  test('may hold escapes and every character of RFC 3986 that needs none', () => {
    expect(path`/caf%C3%A9/a-b._~!$&'()*+,;=:@/${x}`.value).toBe("/caf%C3%A9/a-b._~!$&'()*+,;=:@/x");
  });

  test('does not let two safe values meet to something unsafe', () => {
    expect(() => path`/a/${'.'}${'.'}`).toThrow(UnsafePathError);
    expect(path`/a/.${'x'}`.value).toBe('/a/.x');
  });
});

describe('for any values', () => {
  const hostile = fc.constantFrom(
    '..',
    '.',
    '%2e%2e',
    '%252e',
    '..%2f',
    '\\..\\',
    '@',
    '//host',
    '\r\n',
    '\0',
    '',
    '?',
    '#',
    ';',
  );
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    hostile,
    fc.tuple(hostile, fc.string()).map((parts) => parts.join('')),
  );
  const attempt = (build: () => { readonly value: string }) => {
    try {
      return build().value;
    } catch (error) {
      expect(error).toBeInstanceOf(UnsafePathError);
      return undefined;
    }
  };

  test('the path has the template’s segments, each decoding to its input, or there is none', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const built = attempt(() => path`/v1/${a}/items/${b}`);
        if (built === undefined) return;
        const segments = built.split('/');
        expect(segments).toHaveLength(5);
        expect(segments.map(decodeURIComponent)).toEqual(['', 'v1', a, 'items', b]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a URL parser keeps origin and path as they are', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const built = attempt(() => path`/v1/.${a}/${b}-x`);
        if (built === undefined) return;
        const url = new URL(built, origin);
        expect({ origin: url.origin, path: url.pathname, rest: url.search + url.hash }).toEqual({
          origin,
          path: built,
          rest: '',
        });
      }),
      { numRuns: 2_000 },
    );
  });

  test('text that is printable and no dot segment is always taken', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), (text) => {
        fc.pre(text !== '.' && text !== '..');
        expect(decodeURIComponent(path`/${text}`.value)).toBe(`/${text}`);
      }),
    );
  });
});
