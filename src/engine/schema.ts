import { type TSchema, Type } from 'typebox';

type ObjectSchema = TSchema & {
  readonly properties: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
};

/** The schema of a value that is there: `X` of `X` or null, and anything else as it is. */
export function withoutNull(schema: TSchema): TSchema {
  if (!Type.IsUnion(schema)) return schema;
  const [only, ...others] = schema.anyOf.filter((member) => !Type.IsNull(member));
  return only && others.length === 0 ? only : schema;
}

/** The schema, if it is that of an object of which nothing but its own fields is taken. */
export function toClosedObject(schema: TSchema): ObjectSchema | undefined {
  if (!Type.IsObject(schema)) return undefined;
  return 'additionalProperties' in schema && schema.additionalProperties !== false ? undefined : schema;
}

/** The schema of a field of an object that may be null; undefined where there is no such field. */
export function toFieldSchema(schema: TSchema, key: string): TSchema | undefined {
  const object = withoutNull(schema);
  // To copy a field of that name would set a prototype, so there is none (strip.ts).
  return Type.IsObject(object) && key !== '__proto__' && Object.hasOwn(object.properties, key)
    ? object.properties[key]
    : undefined;
}

/** The schema with null beside it; what may be missing still may. */
export const orNull = (schema: TSchema): TSchema =>
  Type.IsOptional(schema) ? Type.Optional(Type.Union([schema, Type.Null()])) : Type.Union([schema, Type.Null()]);
