import { type TSchema, Type } from 'typebox';
import { DefinitionError } from './definition-error.ts';
import { type AnswerForm, toAnswerForm } from './form.ts';
import { orNull, toClosedObject, toFieldSchema, withoutNull } from './schema.ts';
import { compileStrip, type Strip } from './strip.ts';
import type { Taken, TakenField } from './template.ts';

/** What a template takes of one source, compiled. The members of the payload are JSON text without braces: `"a":1,"b":null`. */
export interface Selection {
  /** For the transport to check and select on one way; undefined where more than types decides what matches. */
  readonly form: AnswerForm | undefined;
  /** The schemas of the payload's members, by name. */
  readonly members: Readonly<Record<string, TSchema>>;
  /** Writes the members of an answer, in the answer's order, without what its schema does not know. */
  readonly write: (value: unknown) => Buffer;
}

/**
 * Compiles a selection.
 *
 * @throws DefinitionError naming `where`, when a path leads to no field of the schema.
 */
export function compileSelection(schema: TSchema, field: TakenField, where: string): Selection {
  const members = Object.fromEntries(toMembers(schema, field, true, where));
  const put = compilePut(schema, field);
  return {
    form: toAnswerForm(schema, field),
    members,
    write(value) {
      const target: Fields = {};
      put(value, target);
      return Buffer.from(JSON.stringify(target).slice(1, -1));
    },
  };
}

/** What stands for a source without an answer: null for each of its members. */
export const toNulls = ({ members }: Selection): Buffer =>
  Buffer.from(
    Object.keys(members)
      .map((name) => `${JSON.stringify(name)}:null`)
      .join(),
  );

type Member = readonly [name: string, schema: TSchema];

/** `isSure` where nothing around the field can be missing or null. */
function toMembers(schema: TSchema, { as, taken }: TakenField, isSure: boolean, where: string): readonly Member[] {
  if (as !== undefined) {
    const part = toPart(schema, taken, where);
    return [[as, isSure && !Type.IsOptional(schema) ? part : Type.Optional(part)]];
  }
  if (taken === 'all') return [];
  const isThere = isSure && !Type.IsOptional(schema) && withoutNull(schema) === schema;
  return [...taken].flatMap(([key, field]) => toMembers(requireField(schema, key, where), field, isThere, where));
}

/** The schema of what is taken of a value. */
function toPart(schema: TSchema, taken: Taken, where: string): TSchema {
  if (taken === 'all') return schema;
  const inner = withoutNull(schema);
  if (inner !== schema) return orNull(toPart(inner, taken, where));
  if (Type.IsArray(schema)) return Type.Array(toPart(schema.items, taken, where));
  const members = [...taken].flatMap(([key, field]) => toMembers(requireField(schema, key, where), field, true, where));
  return Type.Object(Object.fromEntries(members));
}

function requireField(schema: TSchema, key: string, where: string): TSchema {
  const field = toFieldSchema(schema, key);
  if (!field) throw new DefinitionError(`${where}: there is no field "${key}" in its schema to take`);
  return field;
}

type Fields = Record<string, unknown>;
type Put = (value: unknown, target: Fields) => void;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Puts what is taken of a field into the object that its place is in. */
function compilePut(schema: TSchema, { as, taken }: TakenField): Put {
  if (as === undefined) return taken === 'all' ? () => {} : compilePuts(schema, taken);
  const convert = compilePart(schema, taken);
  return (value, target) => {
    target[as] = convert(value);
  };
}

function compilePuts(schema: TSchema, taken: ReadonlyMap<string, TakenField>): Put {
  const puts = new Map(
    [...taken].map(([key, field]) => [key, compilePut(toFieldSchema(schema, key) ?? Type.Unknown(), field)] as const),
  );
  return (value, target) => {
    if (isFields(value)) for (const key in value) puts.get(key)?.(value[key], target);
  };
}

/** Converts a value to what is taken of it. Objects are rebuilt in their own order, as the transport leaves them. */
function compilePart(schema: TSchema, taken: Taken): Strip {
  const inner = withoutNull(schema);
  if (Type.IsArray(inner)) {
    const convert = compilePart(inner.items, taken);
    return (value) => (Array.isArray(value) ? value.map(convert) : value);
  }
  const fields = taken === 'all' ? toAll(inner) : taken;
  if (!fields) return compileStrip(schema);
  const put = compilePuts(inner, fields);
  return (value) => {
    if (!isFields(value)) return value;
    const target: Fields = {};
    put(value, target);
    return target;
  };
}

/** All fields of an object under their own names; undefined where it may have others. */
function toAll(schema: TSchema): ReadonlyMap<string, TakenField> | undefined {
  const object = toClosedObject(schema);
  if (!object) return undefined;
  // A field of that name would be taken for the prototype.
  const names = Object.keys(object.properties).filter((name) => name !== '__proto__');
  return new Map(names.map((name) => [name, { as: name, taken: 'all' }]));
}
