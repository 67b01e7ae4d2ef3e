import { type TSchema, Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { compileSelection, toNulls } from '../../src/engine/selection.ts';
import { pick, type Template, toTaken } from '../../src/engine/template.ts';

/** The selection of `a`, of which the template takes something. */
function select(schema: TSchema, template: Template) {
  const field = toTaken(template, 'here').get('a');
  if (!field) throw new TypeError('the template takes something of a');
  return compileSelection(schema, field, 'here');
}

const write = (schema: TSchema, template: Template, value: unknown) => select(schema, template).write(value).toString();

const Money = Type.Object({ amount: Type.Number(), currency: Type.Optional(Type.String()) });
const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()]);

describe('the members of a value', () => {
  const Order = Type.Object({
    id: Type.Integer(),
    total: Money,
    lines: Type.Array(orNull(Money)),
    note: Type.Unknown(),
  });
  const order = {
    note: { free: 1 },
    lines: [{ amount: 1, currency: 'EUR', more: 1 }, null],
    total: { more: 1, amount: 3 },
    id: 7,
    more: 1,
  };

  test.each<[what: string, template: Template, members: string]>([
    [
      'all of it',
      { x: 'a' },
      '"x":{"note":{"free":1},"lines":[{"amount":1,"currency":"EUR"},null],"total":{"amount":3},"id":7}',
    ],
    ['fields, in the order of the value', { id: 'a.id', cost: 'a.total.amount' }, '"cost":3,"id":7'],
    ['an object without what its schema does not know', { t: 'a.total' }, '"t":{"amount":3}'],
    ['fields of an object', { t: pick('a.total', { is: 'amount', in: 'currency' }) }, '"t":{"is":3}'],
    ['fields of items, and null for null', { l: pick('a.lines', { is: 'amount' }) }, '"l":[{"is":1},null]'],
    ['nothing for what is missing', { c: 'a.total.currency' }, ''],
    ['anything as it is', { n: 'a.note' }, '"n":{"free":1}'],
    ['a pick within a pick', { o: pick('a', { t: pick('total', { is: 'amount' }) }) }, '"o":{"t":{"is":3}}'],
  ])('are %s', (_what, template, members) => {
    expect(write(Order, template, order)).toBe(members);
  });

  test('are none of a value of another kind, and of null', () => {
    for (const value of [null, 7, [1]]) expect(write(orNull(Money), { x: 'a.amount' }, value)).toBe('');
    for (const value of [null, 7]) expect(write(orNull(Money), { x: 'a' }, value)).toBe(`"x":${value}`);
    expect(write(Type.Array(Money), { x: 'a' }, 7)).toBe('"x":7');
  });

  test('have only the fields of the one that matches, where it is one of several', () => {
    const Either = Type.Union([Type.Object({ id: Type.String() }), Money]);
    expect(write(Type.Object({ e: Either }), { x: 'a.e' }, { e: { amount: 1, more: 2 } })).toBe('"x":{"amount":1}');
  });

  test('have no field that would be the prototype', () => {
    const Odd = Type.Object({ id: Type.Integer(), ['__proto__']: Type.Optional(Type.Unknown()) });
    const value: unknown = JSON.parse('{"id":1,"__proto__":{"admin":true}}');
    expect(Object.keys(Odd.properties)).toContain('__proto__');
    expect(write(Odd, { x: 'a' }, value)).toBe('"x":{"id":1}');
    expect(select(Odd, { x: 'a' }).form).toBeUndefined();
  });

  test('keep fields that the schema leaves open', () => {
    const Open = Type.Object({ id: Type.Integer() }, { additionalProperties: true });
    expect(write(Open, { x: 'a' }, { id: 1, more: 2 })).toBe('"x":{"id":1,"more":2}');
  });
});

describe('the schema of the members', () => {
  const members = (schema: TSchema, template: Template) => ({ ...select(schema, template).members });
  const Outer = Type.Object({
    inner: Money,
    maybe: Type.Optional(Money),
    none: orNull(Money),
    list: Type.Array(Money),
  });

  test('is that of the fields; what is below something that may be missing or null may be missing', () => {
    const schemas = members(Outer, {
      i: 'a.inner.amount',
      m: 'a.maybe.amount',
      n: 'a.none.amount',
      c: 'a.inner.currency',
    });
    expect(Type.Object(schemas)).toEqual(
      Type.Object({
        i: Type.Number(),
        c: Type.Optional(Type.String()),
        m: Type.Optional(Type.Number()),
        n: Type.Optional(Type.Number()),
      }),
    );
    expect(Type.Object(schemas)).toMatchObject({ required: ['i'] });
  });

  test('has picks as objects, lists of them, and null where that was', () => {
    const schemas = members(Outer, { n: pick('a.none', { x: 'amount' }), l: pick('a.list', { c: 'currency' }) });
    expect(schemas).toEqual({
      n: orNull(Type.Object({ x: Type.Number() })),
      l: Type.Array(Type.Object({ c: Type.Optional(Type.String()) })),
    });
  });

  test('says what stands for a source without an answer', () => {
    expect(toNulls(select(Outer, { 'a "b"': 'a.inner', c: 'a.list' })).toString()).toBe('"a \\"b\\"":null,"c":null');
  });
});

describe('a form for the transport', () => {
  const hasForm = (schema: TSchema, template: Template = { x: 'a' }) => select(schema, template).form !== undefined;
  const inObject = (field: TSchema) => Type.Object({ field });

  test.each<[what: string, schema: TSchema]>([
    ['scalars', Type.String()],
    ['anything', Type.Unknown()],
    ['objects and lists', Type.Object({ list: Type.Array(Money) }, { description: 'with what only says something' })],
    ['a closed object', Type.Object({ id: Type.Integer() }, { additionalProperties: false })],
    ['that or null', orNull(Type.Array(orNull(Money)))],
    ['one of several scalars', Type.Union([Type.String(), Type.Integer(), Type.Null()])],
    ['a type that is only named in the schema', Type.Unsafe<string>({ type: 'string' })],
    ['what is read only', Type.Readonly(Type.String())],
  ])('there is of %s', (_what, schema) => {
    expect(hasForm(schema)).toBe(true);
    expect(hasForm(inObject(Type.Optional(schema)))).toBe(true);
  });

  test.each<[what: string, schema: TSchema]>([
    ['a limit', Type.Integer({ minimum: 0 })],
    ['a pattern', Type.String({ pattern: '^a' })],
    ['a number of items', Type.Array(Type.String(), { minItems: 1 })],
    ['certain values', Type.Union([Type.Literal('a'), Type.Literal('b')])],
    ['a condition in code', Type.Refine(Type.String(), (value) => value.length === 1)],
    ['an open object', Type.Object({ id: Type.Integer() }, { additionalProperties: true })],
    ['a record', Type.Record(Type.String(), Type.Integer())],
    ['one of several objects', Type.Union([Money, Type.Object({ id: Type.String() })])],
    ['one of several lists, or null', Type.Union([Type.Array(Money), Money, Type.Null()])],
    ['anything or null', Type.Union([Type.Unknown(), Type.Null()])],
    ['several at once', Type.Intersect([Money, Type.Object({ id: Type.String() })])],
    ['a list of certain length', Type.Tuple([Type.String()])],
    ['types that only the schema has', Type.Unsafe<number | null>({ type: ['number', 'null'] })],
    ['a name that an escape is in', Type.Object({ 'a"b': Type.String() })],
    ['a name that JavaScript puts first', Type.Object({ '1': Type.String() })],
    ['a name that every object has by birth', Type.Object({ constructor: Type.String() })],
    [
      'more fields than bits',
      Type.Object(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}`, Type.Null()]))),
    ],
  ])('there is none of %s', (_what, schema) => {
    expect(hasForm(schema)).toBe(false);
    expect(hasForm(inObject(schema))).toBe(false);
    expect(hasForm(Type.Array(schema))).toBe(false);
  });

  test('there is none with new names that need an escape, or that JavaScript puts first', () => {
    for (const name of ['a"b', '1', 'toString']) {
      expect(hasForm(Money, { [name]: 'a' })).toBe(false);
      expect(hasForm(Money, { [name]: 'a.amount' })).toBe(false);
    }
    expect(write(Money, { 'a"b': 'a.amount' }, { amount: 1 })).toBe('"a\\"b":1');
  });
});
