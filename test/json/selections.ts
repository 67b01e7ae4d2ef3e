import fc from 'fast-check';
import { type TSchema, Type } from 'typebox';
import type { Taken, TakenField } from '../../src/engine/template.ts';

/** A schema, what a template could take of it, and a document that mostly matches. */
export interface Selected {
  readonly schema: TSchema;
  readonly field: TakenField;
  readonly text: string;
}

/** What is taken of a value, as a merge function would write it with `?.`. */
export function take(value: unknown, { as, taken }: TakenField): Readonly<Record<string, unknown>> {
  if (as !== undefined) return value === undefined ? {} : { [as]: takePart(value, taken) };
  if (taken === 'all' || !isFields(value)) return {};
  return Object.assign({}, ...[...taken].map(([key, field]) => take(value[key], field)));
}

function takePart(value: unknown, taken: Taken): unknown {
  if (Array.isArray(value)) return value.map((item) => takePart(item, taken));
  return taken === 'all' || !isFields(value) ? value : take(value, { as: undefined, taken });
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Few, so that documents have the same ones twice; 14 to 17 and 31 bytes, which is where vectors end. */
const keys = [...'a b id é 日本 😀'.split(' '), 'with space', ...[13, 14, 15, 16, 17, 31].map((n) => 'k'.repeat(n))];
const unknownKeys = ['x', '__proto__', 'constructor', '', 'l'.repeat(15), `${'k'.repeat(15)}l`, '10'];

const scalars = [Type.String(), Type.Number(), Type.Integer(), Type.Boolean(), Type.Null()];

const schemas = fc.letrec<{ schema: TSchema; object: TSchema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...scalars, Type.Unknown(), Type.Union([Type.Integer(), Type.String(), Type.Null()])),
    tie('object'),
    tie('object'),
    tie('schema').map((items) => Type.Array(items)),
    tie('object').map((schema) => Type.Union([schema, Type.Null()])),
    tie('object').map((items) => Type.Union([Type.Null(), Type.Array(items)])),
  ),
  object: fc
    .dictionary(fc.constantFrom(...keys), fc.tuple(tie('schema'), fc.boolean()), { maxKeys: 5 })
    .map((fields) =>
      Type.Object(
        Object.fromEntries(
          Object.entries(fields).map(([key, [schema, optional]]) => [key, optional ? Type.Optional(schema) : schema]),
        ),
      ),
    ),
}));

/** `X` of `X` or null. */
const toSure = (schema: TSchema): TSchema =>
  (Type.IsUnion(schema) && schema.anyOf.length === 2 && schema.anyOf.find((member) => !Type.IsNull(member))) || schema;

/** What is taken, before it has names: a name is given behind, so that no two are the same. */
type Unnamed = 'all' | 'hoisted' | ReadonlyMap<string, readonly [isHoisted: boolean, taken: Unnamed]>;

function unnamedOf(schema: TSchema): fc.Arbitrary<Unnamed> {
  const inner = toSure(schema);
  if (Type.IsArray(inner)) return unnamedOf(inner.items);
  if (!Type.IsObject(inner)) return fc.constant('all');
  const fields = Object.entries(inner.properties).map(([key, field]) =>
    fc.tuple(fc.constant(key), fc.boolean(), fc.boolean(), unnamedOf(field)),
  );
  const picked = fc.tuple(...fields).map((all) => {
    const used = all.filter(([, isTaken]) => isTaken);
    return new Map(
      used.map(([key, , wantsHoist, taken]) => {
        const field = inner.properties[key] ?? Type.Null();
        return [key, [wantsHoist && taken !== 'all' && Type.IsObject(toSure(field)), taken]] as const;
      }),
    );
  });
  return fc.oneof(fc.constant('all' as const), picked);
}

function name(taken: Unnamed, used: Set<string>): Taken {
  if (typeof taken === 'string') return 'all';
  return new Map([...taken].map(([key, [isHoisted, inner]]) => [key, nameField(key, isHoisted, inner, used)]));
}

function nameField(key: string, isHoisted: boolean, taken: Unnamed, used: Set<string>): TakenField {
  if (isHoisted) return { as: undefined, taken: name(taken, used) };
  // Every other one keeps its own name, where that is free.
  const as = used.has(key) || key.length % 2 === 1 ? `${used.size} ${'né'.repeat(used.size * 7)}` : key;
  used.add(as);
  return { as, taken: name(taken, new Set()) };
}

const fieldOf = (schema: TSchema): fc.Arbitrary<TakenField> =>
  fc.tuple(fc.boolean(), unnamedOf(schema)).map(([wantsHoist, taken]) => {
    const isHoisted = wantsHoist && taken !== 'all' && Type.IsObject(toSure(schema));
    return nameField('document', isHoisted, taken, new Set());
  });

const space = fc.constantFrom('', '', '', '', ' ', '\n  ', '\t\r\n', ' '.repeat(20));
const strings = fc
  .oneof(fc.constantFrom('}{"', '],[', ',"a":1}', 'x'.repeat(40)), fc.string({ unit: 'binary' }))
  .map((text) => JSON.stringify(text.toWellFormed()));
const integers = fc.constantFrom('0', '-0', '7', '-12', '12345678901234567890', '1'.repeat(30));
const numbers = fc.oneof(integers, fc.constantFrom('1.0', '-0.5', '12.50', '1e5', '1E-7', '-2.5e+21', '3e-10'));
const anything = fc.oneof(
  fc.constantFrom('true', 'null', '[]', '{}', '1e999', '"\\u00e9"', '[1,{"a":[null]}]', '{"a":{"b":"c"},"a":2}'),
  numbers,
  strings,
);

/** What should not be in a document; `rarely` any of it is. */
const strange = fc.oneof(
  fc.constantFrom('1e999', '-1e400', '2.0', '1e2', '"\\ud800"', '{"a":1}', '[null]', 'tru', '01', '[1,]', '{"a"1}'),
  fc.constantFrom('9'.repeat(250), '1.5', '{}', 'null'),
  anything,
);

/** A text of the schema; with `oddities` some part of it may be anything, a key written twice, or with escapes. */
function textOf(schema: TSchema, oddities: boolean): fc.Arbitrary<string> {
  const right = rightTextOf(schema, oddities);
  return oddities ? fc.oneof({ weight: 30, arbitrary: right }, { weight: 1, arbitrary: strange }) : right;
}

function rightTextOf(schema: TSchema, oddities: boolean): fc.Arbitrary<string> {
  if (Type.IsUnion(schema)) return fc.oneof(...schema.anyOf.map((member) => textOf(member, oddities)));
  if (Type.IsArray(schema)) {
    return fc
      .array(fc.tuple(space, textOf(schema.items, oddities), space), { maxLength: 3 })
      .map((items) => `[${items.map((parts) => parts.join('')).join()}]`);
  }
  if (Type.IsObject(schema)) return objectTextOf(schema.properties, oddities);
  if (Type.IsString(schema)) return strings;
  if (Type.IsNumber(schema)) return numbers;
  if (Type.IsInteger(schema)) return integers;
  if (Type.IsBoolean(schema)) return fc.constantFrom('true', 'false');
  return Type.IsNull(schema) ? fc.constant('null') : anything;
}

function objectTextOf(properties: Readonly<Record<string, TSchema>>, oddities: boolean): fc.Arbitrary<string> {
  const known = Object.entries(properties).map(([key, field]) =>
    fc
      .tuple(writtenKey(key, oddities), space, space, textOf(field, oddities), fc.integer({ min: 0, max: 39 }))
      .map(([written, a, b, value, luck]) => {
        const member = `${written}${a}:${b}${value}`;
        if (oddities && luck === 0) return [];
        if (oddities && luck === 1) return [member, member];
        return Type.IsOptional(field) && luck < 12 ? [] : [member];
      }),
  );
  const unknown = fc.array(
    fc
      .tuple(fc.constantFrom(...unknownKeys, ...(oddities ? ['a\n'] : [])), anything)
      .map(([key, value]) => `${JSON.stringify(key)}:${value}`),
    { maxLength: 3 },
  );
  return fc.tuple(fc.tuple(...known), unknown, space, fc.boolean()).map(([members, others, gap, reversed]) => {
    // Unknown ones between the known.
    const all = members.flat().flatMap((member, i) => (others[i] === undefined ? [member] : [others[i], member]));
    const ordered = [...all, ...others.slice(members.length)];
    return `{${gap}${(reversed ? ordered.toReversed() : ordered).join(`${gap},${gap}`)}${gap}}`;
  });
}

const writtenKey = (key: string, oddities: boolean): fc.Arbitrary<string> =>
  fc
    .integer({ min: 0, max: 59 })
    .map((luck) => (oddities && luck === 0 ? `"${key.replaceAll(/[\s\S]/g, toEscape)}"` : JSON.stringify(key)));

const toEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Schemas of which types decide, something to take of them, and texts: right ones, or with oddities here and there. */
export const selected = (oddities: boolean): fc.Arbitrary<Selected> =>
  schemas.schema.chain((schema) =>
    fc.record({ schema: fc.constant(schema), field: fieldOf(schema), text: textOf(schema, oddities) }),
  );
