import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { type TSchema, Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { compileDecode } from '../../src/engine/decode.ts';
import { type Shape, toShape } from '../../src/engine/shape.ts';
import { compileProjection } from '../../src/json/project.ts';

const Item = Type.Object({ id: Type.String() });
const item: Shape = { fields: { id: 'any' }, isOpen: false };
const opened = { additionalProperties: true };

describe('the shape of a schema', () => {
  test.each<[what: string, schema: TSchema, shape: Shape]>([
    ['an object has its fields', Item, item],
    [
      'an optional field is one of them',
      Type.Object({ a: Type.Optional(Item) }),
      { fields: { a: item }, isOpen: false },
    ],
    ['an object may have none', Type.Object({}), { fields: {}, isOpen: false }],
    ['a field that would set a prototype is none', Type.Object({ ['__proto__']: Item }), { fields: {}, isOpen: false }],
    [
      'a closed object drops what it forbids',
      Type.Object({}, { additionalProperties: false }),
      { fields: {}, isOpen: false },
    ],
    [
      'an open object keeps others',
      Type.Object({ a: Item, b: Type.Null() }, opened),
      { fields: { a: item }, isOpen: true },
    ],
    [
      'a schema for the rest keeps it',
      Type.Object({ a: Item }, { additionalProperties: Item }),
      { fields: { a: item }, isOpen: true },
    ],
    ['a list has its items', Type.Array(Item), { items: item }],
    ['something or null is something', Type.Union([Type.Null(), Item]), item],
    ['an open object with nothing to drop is anything', Type.Object({ a: Type.String() }, opened), 'any'],
    ['a list of anything is anything', Type.Array(Type.Object({}, opened)), 'any'],
    ['a scalar is anything', Type.Union([Type.String(), Type.Null()]), 'any'],
    ['what a union drops depends on the value', Type.Union([Item, Type.Object({ b: Type.Null() })]), 'any'],
    ['so does what an intersection drops', Type.Intersect([Item, Item]), 'any'],
    ['so does what a record drops', Type.Record(Type.String(), Item), 'any'],
    ['so does what a tuple drops', Type.Tuple([Item]), 'any'],
    ['unknown is anything', Type.Unknown(), 'any'],
  ])('%s', (_what, schema, shape) => {
    expect(toShape(schema)).toEqual(shape);
  });

  test('stays with what decodes by it, unless that is all', () => {
    expect(compileDecode(Type.Array(Item)).shape).toEqual({ items: item });
    expect(compileDecode(Type.Array(Type.String())).shape).toBeUndefined();
    expect(compileDecode(Type.Unknown()).shape).toBeUndefined();
  });
});

/** A schema, and a value that was made for it: with fields that it does not know, and now and then of another kind. */
interface Sample {
  readonly schema: TSchema;
  readonly value: unknown;
}

const keys = ['a', 'b', 'id', 'né', '__proto__', 'constructor', 'qu"ote', 'a name of more than sixteen bytes'];
const key = fc.constantFrom(...keys);
const json = fc.jsonValue({ maxDepth: 2 });
const toFields = (entries: readonly (readonly [string, unknown])[]) => Object.fromEntries(entries);

const scalars: fc.Arbitrary<Sample> = fc.oneof(
  fc.string().map((value) => ({ schema: Type.String(), value })),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => ({ schema: Type.Number(), value })),
  json.map((value) => ({ schema: Type.Unknown(), value })),
  json.map((value) => ({ schema: Type.Unsafe({}), value })),
);

const { sample: samples } = fc.letrec<{ sample: Sample; object: Sample; fitting: Sample }>((tie) => ({
  sample: fc.oneof(
    { weight: 19, arbitrary: tie('fitting') },
    { weight: 1, arbitrary: fc.tuple(tie('fitting'), json).map(([{ schema }, value]) => ({ schema, value })) },
  ),
  fitting: fc.oneof(
    { depthSize: 'small' },
    scalars,
    tie('object'),
    tie('object'),
    fc.tuple(tie('sample'), fc.nat(3)).map(([{ schema, value }, length]) => ({
      schema: Type.Array(schema),
      value: Array.from({ length }, () => value),
    })),
    tie('object').map(({ schema, value }) => ({ schema: Type.Union([schema, Type.Null()]), value })),
    tie('object').map(({ schema, value }) => ({
      schema: Type.Union([schema, Type.Object({ z: Type.Null() })]),
      value,
    })),
    fc.tuple(tie('sample'), key).map(([{ schema, value }, name]) => ({
      schema: Type.Record(Type.String(), schema),
      value: toFields([[name, value]]),
    })),
  ),
  object: fc
    .record({
      fields: fc.uniqueArray(
        fc.record({
          name: key,
          sample: tie('sample'),
          isOptional: fc.boolean(),
          isMissing: fc.nat(9).map((n) => n === 0),
        }),
        { selector: ({ name }) => name, maxLength: 4 },
      ),
      others: fc.array(fc.tuple(key, json), { maxLength: 3 }),
      extra: fc.constantFrom(undefined, undefined, undefined, true, false, Type.Number()),
    })
    .map(({ fields, others, extra }) => ({
      schema: Type.Object(
        Object.fromEntries(
          fields.map(({ name, sample, isOptional }) => [
            name,
            isOptional ? Type.Optional(sample.schema) : sample.schema,
          ]),
        ),
        extra === undefined ? {} : { additionalProperties: extra },
      ),
      value: toFields([
        ...others,
        ...fields.filter(({ isMissing }) => !isMissing).map(({ name, sample }) => [name, sample.value] as const),
      ]),
    })),
}));

test('a projected text comes to the same as the whole one, for any schema', () => {
  const seen = { ok: 0, failed: 0 };
  const property = fc.property(samples, ({ schema, value }) => {
    const bytes = Buffer.from(JSON.stringify(value));
    const decode = compileDecode(schema);
    const { text } = compileProjection(decode.shape ?? 'any')(bytes);
    const outcome = decode(bytes, {}, text);
    deepStrictEqual(outcome, decode(bytes, {}));
    if (text !== undefined) seen[outcome.status] += 1;
  });
  fc.assert(property, { numRuns: 1_000 });
  expect(seen.ok).toBeGreaterThan(100);
  expect(seen.failed).toBeGreaterThan(100);
});
