import { type TSchema, Type } from 'typebox';
import { describe, expect, test, vi } from 'vitest';
import { compileStrip, isClosed } from '../../src/engine/strip.ts';

const Item = Type.Object({ name: Type.String(), size: Type.Optional(Type.Object({ width: Type.Number() })) });
const Nullable = Type.Union([Item, Type.Null()]);
const Either = Type.Union([Item, Type.Object({ id: Type.Number() })]);

describe('fields that the schema does not know', () => {
  test.each<[string, TSchema, unknown, unknown]>([
    ['of an object', Item, { name: 'a', more: 1 }, { name: 'a' }],
    ['of a nested object', Item, { name: 'a', size: { width: 1, depth: 2 } }, { name: 'a', size: { width: 1 } }],
    ['of both at once', Item, { x: 1, name: 'a', size: { width: 1, y: 2 } }, { name: 'a', size: { width: 1 } }],
    [
      'of some items of a list',
      Type.Array(Item),
      [{ name: 'a' }, { name: 'b', more: 1 }],
      [{ name: 'a' }, { name: 'b' }],
    ],
    [
      'of the values of a record',
      Type.Record(Type.String(), Item),
      { k: { name: 'a', more: 1 } },
      { k: { name: 'a' } },
    ],
    ['of an object that may be null', Nullable, { name: 'a', more: 1 }, { name: 'a' }],
    ['of a union’s member', Either, { name: 'a', more: 1 }, { name: 'a' }],
    [
      'of an intersection',
      Type.Intersect([Item, Type.Object({ id: Type.String() })]),
      { id: '1', name: 'a', more: 1 },
      { id: '1', name: 'a' },
    ],
    [
      'of a recursive schema',
      Type.Cyclic({ Node: Type.Object({ v: Type.Number(), next: Type.Optional(Type.Ref('Node')) }) }, 'Node'),
      { v: 1, next: { v: 2, more: 1 } },
      { v: 1, next: { v: 2 } },
    ],
    [
      'of an object below one that is open',
      Type.Object({ inner: Item }, { additionalProperties: true }),
      { inner: { name: 'a', more: 1 }, other: 2 },
      { inner: { name: 'a' }, other: 2 },
    ],
  ])('%s are dropped, and the argument stays as it is', (_where, schema, value, expected) => {
    const before = structuredClone(value);
    expect(compileStrip(schema)(value)).toEqual(expected);
    expect(value).toEqual(before);
  });
});

describe('an object of which every field is required', () => {
  const Price = Type.Object({ amount: Type.Number(), currency: Type.String() });
  const Offer = Type.Object({ 'a "name"': Type.String(), price: Price, tags: Type.Array(Price) });
  const price = { amount: 1, currency: 'EUR' };
  const offer = { 'a "name"': 'x', price, tags: [price] };
  const more = { ...offer, price: { ...price, more: 1 }, tags: [{ more: 2, ...price }], more: 3 };

  test('is written anew where it has other fields, at any depth', () => {
    expect(compileStrip(Offer)(more)).toEqual(offer);
    expect(compileStrip(Offer)(offer)).toBe(offer);
  });

  test('is written anew all the same where no code may be generated', () => {
    vi.stubGlobal('Function', () => {
      throw new EvalError('no code from strings');
    });
    const strip = compileStrip(Offer);
    vi.unstubAllGlobals();
    expect(strip(more)).toEqual(offer);
  });

  test.each<[string, TSchema]>([
    ['anything', Type.Unknown()],
    ['anything, said otherwise', Type.Unsafe({})],
    ['a text or anything', Type.Union([Type.String(), Type.Any()])],
  ])('has nothing invented that is missing and may be %s', (_what, any) => {
    const strip = compileStrip(Type.Object({ any, name: Type.String() }));
    expect(strip({ name: 'a', more: 1, other: 2 })).toStrictEqual({ name: 'a' });
  });

  test('cannot have its prototype set', () => {
    const stripped = compileStrip(Type.Object({ ['__proto__']: Price }))(
      JSON.parse('{"__proto__":{"amount":1},"b":2}'),
    );
    expect(Object.getPrototypeOf(stripped)).toBe(Object.prototype);
  });
});

describe('a value without such fields', () => {
  test.each<[string, TSchema, unknown]>([
    ['an object', Item, { name: 'a', size: { width: 1 } }],
    ['an object without its optional field', Item, { name: 'a' }],
    ['a list', Type.Array(Item), [{ name: 'a' }]],
    ['a list of texts', Type.Array(Type.String()), ['a']],
    ['an object that may be null', Nullable, { name: 'a' }],
    ['null', Nullable, null],
    ['a union', Either, { id: 1 }],
    ['a flat union', Type.Union([Type.String(), Type.Null()]), null],
    ['an intersection', Type.Intersect([Item, Type.Object({ id: Type.String() })]), { id: '1', name: 'a' }],
    ['a flat record', Type.Record(Type.String(), Type.Number()), { a: 1 }],
    ['a literal', Type.Literal('a'), 'a'],
    ['an enumeration', Type.Enum(['a', 'b']), 'b'],
    ['an open object', Type.Object({ a: Type.Number() }, { additionalProperties: true }), { a: 1, b: 2 }],
    ['an object with a schema for the rest', Type.Object({}, { additionalProperties: Type.Number() }), { b: 2 }],
  ])('(%s) is given back itself', (_what, schema, value) => {
    expect(compileStrip(schema)(value)).toBe(value);
  });

  test.each<[string, TSchema, unknown]>([
    ['a list in place of an object', Item, [1]],
    ['a text in place of an object', Item, 'a'],
    ['null in place of an object', Item, null],
    ['an object in place of a list', Type.Array(Item), { name: 'a' }],
  ])('because it is something else (%s) is left to the check', (_what, schema, value) => {
    expect(compileStrip(schema)(value)).toBe(value);
  });
});

describe('keys of a prototype', () => {
  const hostile = () => JSON.parse('{"__proto__":{"admin":true},"constructor":{"admin":true},"name":"a"}') as unknown;

  test.each<[string, TSchema]>([
    ['an object', Item],
    ['an open object', Type.Object({ name: Type.String() }, { additionalProperties: true })],
    ['an open object that is copied', Type.Object({ list: Type.Array(Item) }, { additionalProperties: true })],
    ['a union', Either],
  ])('never reach one: %s', (_what, schema) => {
    const value = hostile();
    if (typeof value === 'object') Object.assign(value ?? {}, { list: [{ name: 'b', more: 1 }] });
    const stripped = compileStrip(schema)(value);
    expect(Object.getPrototypeOf(stripped)).toBe(Object.prototype);
    expect(stripped).not.toHaveProperty('admin');
    expect({}).not.toHaveProperty('admin');
  });
});

test.each<[string, TSchema]>([
  ['required', Type.Object({ constructor: Either, name: Type.String() })],
  ['optional', Type.Object({ constructor: Type.Optional(Either), name: Type.String() })],
])('a missing field that is %s is not looked for in a prototype', (_how, schema) => {
  expect(compileStrip(schema)({ name: 'a', more: 1, other: 2 })).toStrictEqual({ name: 'a' });
});

describe('a schema is closed', () => {
  const closed = Type.Object({}, { additionalProperties: false });
  test.each<[boolean, string, TSchema]>([
    [false, 'with plain objects', Item],
    [false, 'with open objects', Type.Object({ a: Type.Unknown() }, { additionalProperties: true })],
    [true, 'with additionalProperties: false', closed],
    [true, 'with such an object in a list', Type.Array(Type.Object({ inner: closed }))],
    [true, 'with such an object in a union', Type.Union([closed, Type.Null()])],
    [true, 'with unevaluatedProperties: false', Type.Intersect([Item, Item], { unevaluatedProperties: false })],
  ])('%s: %s', (expected, _what, schema) => {
    expect(isClosed(schema)).toBe(expected);
  });
});
