import { type TSchema, Type } from 'typebox';
import { Check, Clean, Equal } from 'typebox/value';

/** Drops fields that a schema does not know. Gives back the very same value when there is nothing to drop. */
export type Strip = (value: unknown) => unknown;

const identity: Strip = (value) => value;

/**
 * Compiles the removal of fields beside those of the schema: of every object but one that says
 * `additionalProperties: true` or gives a schema for them. Never changes its argument.
 */
export function compileStrip(schema: TSchema): Strip {
  if (Type.IsObject(schema)) return compileObject(schema);
  if (Type.IsArray(schema)) return compileArray(compileStrip(schema.items));
  if (isFlat(schema)) return identity;
  if (Type.IsUnion(schema)) {
    const [only, ...others] = schema.anyOf.filter((member) => !Type.IsNull(member));
    // Something or null: strips leave what they do not know alone.
    if (only && others.length === 0) return compileStrip(only);
  }
  // Unions, intersections and references decide by value: rare, so the library's slower way is good enough.
  return (value) => {
    const cleaned = Clean(schema, structuredClone(value));
    return Equal(cleaned, value) ? value : cleaned;
  };
}

const closing: ReadonlySet<string> = new Set(['additionalProperties', 'unevaluatedProperties']);

/** Whether the schema forbids fields beside its own anywhere, so that bytes with such fields must not leave unchanged. */
export const isClosed = (schema: unknown): boolean =>
  typeof schema === 'object' &&
  schema !== null &&
  Object.entries(schema).some(([keyword, part]) => (part === false && closing.has(keyword)) || isClosed(part));

const isFlat = (schema: TSchema): boolean =>
  Type.IsString(schema) ||
  Type.IsNumber(schema) ||
  Type.IsInteger(schema) ||
  Type.IsBoolean(schema) ||
  Type.IsNull(schema) ||
  Type.IsLiteral(schema) ||
  Type.IsEnum(schema) ||
  Type.IsUnknown(schema) ||
  Type.IsAny(schema) ||
  (Type.IsUnion(schema) && schema.anyOf.every(isFlat)) ||
  (Type.IsRecord(schema) && Object.values(schema.patternProperties).every((values) => isFlat(values)));

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function compileObject(schema: TSchema & { readonly properties: Record<string, TSchema> }): Strip {
  // To copy a field of that name would set a prototype, so it counts as unknown whatever the schema says.
  const declared = Object.entries(schema.properties).filter(([key]) => key !== '__proto__');
  const known = new Map(declared.map(([key, field]) => [key, compileStrip(field)]));
  const nested = [...known].filter(([, strip]) => strip !== identity);
  const extra = 'additionalProperties' in schema ? schema.additionalProperties : false;
  const isOpen = extra !== false;
  const rebuild = isOpen ? undefined : compileRebuild(declared, known);
  return (value) => {
    if (!isFields(value)) return value;
    let copy: Fields | undefined;
    if (rebuild) {
      // All fields are required: as many as there should be are those, or the check that follows finds one missing.
      if (Object.keys(value).length !== known.size) return rebuild(value);
    } else if (!isOpen && hasOthers(value, known)) copy = pickKnown(value, known);
    for (const [key, strip] of nested) {
      if (!Object.hasOwn(value, key)) continue;
      const field = value[key];
      const stripped = strip(field);
      if (stripped === field) continue;
      copy ??= { ...value };
      copy[key] = stripped;
    }
    return copy ?? value;
  };
}

type Rebuild = (value: Fields) => Fields;
type Generate = (strips: readonly Strip[]) => Rebuild;

/**
 * Generates the literal of an object with all its fields, as TypeBox generates its validators: many times as fast as a copy
 * field by field. Undefined where a field may be missing without the check that follows finding out, and where code may not be
 * generated.
 */
function compileRebuild(
  declared: readonly (readonly [string, TSchema])[],
  known: ReadonlyMap<string, Strip>,
): Rebuild | undefined {
  const isFixed = (key: string, field: TSchema) =>
    !Type.IsOptional(field) && !Check(field, undefined) && !(key in Object.prototype);
  if (!declared.every(([key, field]) => isFixed(key, field))) return undefined;
  const strips = [...known.values()];
  const fields = [...known.keys()].map((key, i) => {
    const name = JSON.stringify(key);
    return strips[i] === identity ? `${name}:v[${name}]` : `${name}:s[${i}](v[${name}])`;
  });
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- only names of the schema's fields are in it, as JSON
    const generate = new Function('s', `return (v) => ({${fields.join()}})`) as Generate; // which is what its text says
    return generate(strips);
  } catch {
    return undefined;
  }
}

function hasOthers(value: Fields, known: ReadonlyMap<string, Strip>): boolean {
  for (const key in value) if (!known.has(key)) return true;
  return false;
}

function pickKnown(value: Fields, known: ReadonlyMap<string, Strip>): Fields {
  const picked: Fields = {};
  for (const key in value) if (known.has(key)) picked[key] = value[key];
  return picked;
}

function compileArray(strip: Strip): Strip {
  if (strip === identity) return identity;
  return (value) => {
    if (!Array.isArray(value)) return value;
    const items: readonly unknown[] = value;
    let copy: unknown[] | undefined;
    for (let i = 0; i < items.length; i += 1) {
      const stripped = strip(items[i]);
      if (stripped === items[i]) continue;
      copy ??= items.slice();
      copy[i] = stripped;
    }
    return copy ?? items;
  };
}
