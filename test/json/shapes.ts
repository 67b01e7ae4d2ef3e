import fc from 'fast-check';
import type { Shape } from '../../src/json/project.ts';

/** An object of which only these fields are kept. */
export const fields = (known: Readonly<Record<string, Shape>>): Shape => ({ fields: known, isOpen: false });

/** An object of which all fields are kept, and these by their shapes. */
export const open = (known: Readonly<Record<string, Shape>>): Shape => ({ fields: known, isOpen: true });

/** What a projection leaves of a document, in JavaScript. Keys that need an escape are as if they were no part of a shape. */
export function project(value: unknown, shape: Shape): unknown {
  if (shape === 'any' || typeof value !== 'object' || value === null) return value;
  if ('items' in shape) return Array.isArray(value) ? value.map((item) => project(item, shape.items)) : value;
  if (Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => {
      if (JSON.stringify(key) !== `"${key}"`) return [[key, field]];
      if (Object.hasOwn(shape.fields, key)) return [[key, project(field, shape.fields[key] ?? 'any')]];
      return shape.isOpen ? [[key, field]] : [];
    }),
  );
}

/** Few, so that shapes and documents have some in common; 14 to 17 and 30 to 33 bytes, which is where vectors end. */
const keys = [
  ...'a b id é 日本 😀 __proto__ constructor { ], quote" back\\slash'.split(' '),
  '',
  'with space',
  ...[13, 14, 15, 16, 17, 29, 30, 31, 32, 33].map((length) => 'k'.repeat(length)),
  `${'k'.repeat(14)}l`,
  `${'k'.repeat(30)}l`,
  `l${'k'.repeat(30)}`,
];
const key = fc.constantFrom(...keys);

/** A shape of any kind. */
export const shapes: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small' },
    fc.constant('any' as const),
    fc.record({ items: tie('shape') }),
    fc.record({ fields: fc.dictionary(key, tie('shape'), { maxKeys: 5 }), isOpen: fc.boolean() }),
    fc.record({ fields: fc.dictionary(key, tie('shape'), { maxKeys: 5 }), isOpen: fc.constant(false) }),
  ),
})).shape;

const space = fc.constantFrom('', '', '', ' ', '\n  ', '\t\r\n', ' '.repeat(20));
const text = fc.oneof(fc.constantFrom('}{"', '],[', '\\"', ',"a":1}', 'x'.repeat(40)), fc.string({ unit: 'binary' }));
const scalar = fc.oneof(
  fc.constantFrom('true', 'false', 'null', '0', '-0', '1e999', '-12.5E+3', '12345678901234567890'),
  text.map((value) => JSON.stringify(value.toWellFormed())),
);

const toEscapes = (name: string): string =>
  `"${name.replaceAll(/[ -~]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`)}"`;

const createTexts = (writtenKey: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('object'), tie('object')),
    list: fc
      .array(fc.tuple(space, tie('value'), space), { maxLength: 4 })
      .map((items) => `[${items.map((parts) => parts.join('')).join()}]`),
    object: fc
      .tuple(fc.array(fc.tuple(space, writtenKey, space, tie('value'), space), { maxLength: 6 }), space)
      .map(
        ([members, end]) => `{${members.map(([a, name, b, value, c]) => `${a}${name}${b}:${c}${value}`).join()}${end}}`,
      ),
  })).value;

/** Documents with space, the same keys more than once, and what is like JSON in their strings. */
export const texts = createTexts(key.map((name) => JSON.stringify(name)));

/** Such with keys that are written with escapes as well. */
export const escapedTexts = createTexts(key.chain((name) => fc.constantFrom(JSON.stringify(name), toEscapes(name))));
