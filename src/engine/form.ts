import { type TSchema, Type } from 'typebox';
import { toClosedObject } from './schema.ts';
import type { Taken, TakenField } from './template.ts';

/** A type of JSON values, as a schema names it. */
export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'object' | 'array';

/** What of a document is checked and what is written of it: any value, or values of these types. */
export type Form =
  | 'any'
  | {
      readonly types: readonly JsonType[];
      /** Of an object. Others are dropped. */
      readonly fields?: Readonly<Record<string, FormField>>;
      /** Of an array. */
      readonly items?: Form;
    };

/** A field of an object. */
export interface FormField {
  readonly form: Form;
  readonly isRequired: boolean;
  /** Whether its value is checked only, its own fields stand in its place, or it is written under a name. */
  readonly place: 'dropped' | 'hoisted' | { readonly as: string };
}

/** What is checked and written of a whole answer. */
export interface AnswerForm {
  readonly form: Form;
  readonly place: 'hoisted' | { readonly as: string };
}

/** The form of a schema and of what is taken of it. Undefined where types alone do not say what matches. */
export function toAnswerForm(schema: TSchema, { as, taken }: TakenField): AnswerForm | undefined {
  const form = toForm(schema, taken);
  if (form === undefined || (as !== undefined && !isPlain(as))) return undefined;
  return { form, place: as === undefined ? 'hoisted' : { as } };
}

const scalars = ['string', 'number', 'integer', 'boolean', 'null'] as const;
const annotations = ['title', 'description', 'examples', 'default', 'deprecated', 'readOnly', 'writeOnly'];
const structure = ['type', 'properties', 'required', 'items', 'anyOf', 'additionalProperties'];
/** What TypeBox notes on a schema without asking more of a value; a refinement or a codec is noted there as well. */
const marks = ['~kind', '~unsafe', '~optional', '~readonly', '~immutable'];
const keywords = new Set([...annotations, ...structure, ...marks]);

/** Fields of one object that the checker can tell apart. */
const mostFields = 64;

function toForm(schema: TSchema, taken: Taken | undefined): Form | undefined {
  // The marks are not enumerable.
  if (!Object.getOwnPropertyNames(schema).every((keyword) => keywords.has(keyword))) return undefined;
  if (Type.IsUnknown(schema) || Type.IsAny(schema)) return 'any';
  const type = scalars.find((name) => 'type' in schema && schema.type === name);
  if (type) return { types: [type] };
  if (Type.IsArray(schema)) {
    const items = toForm(schema.items, taken);
    return items && { types: ['array'], items };
  }
  if (Type.IsObject(schema)) return toObjectForm(schema, taken);
  return Type.IsUnion(schema) ? toUnionForm(schema.anyOf, taken) : undefined;
}

function toObjectForm(schema: TSchema, taken: Taken | undefined): Form | undefined {
  const object = toClosedObject(schema);
  if (!object) return undefined;
  const entries = Object.entries(object.properties);
  const fields: Record<string, FormField> = {};
  for (const [key, field] of entries) {
    const used = taken === 'all' ? { as: key, taken } : taken?.get(key);
    const form = toForm(field, used?.taken);
    if (form === undefined || !isPlain(key) || (used?.as !== undefined && !isPlain(used.as))) return undefined;
    const place = used ? (used.as === undefined ? 'hoisted' : { as: used.as }) : 'dropped';
    fields[key] = { form, isRequired: object.required?.includes(key) ?? false, place };
  }
  return entries.length > mostFields ? undefined : { types: ['object'], fields };
}

/** Scalars, or one thing and null: other unions decide by more than a type. */
function toUnionForm(members: readonly TSchema[], taken: Taken | undefined): Form | undefined {
  const forms = members.map((member) => toForm(member, taken));
  const types: JsonType[] = [];
  let contents: Exclude<Form, 'any'> = { types };
  for (const form of forms) {
    if (form === undefined || form === 'any') return undefined;
    types.push(...form.types);
    if (form.fields || form.items) contents = { ...form, types };
  }
  const isFlat = types.every((type) => type !== 'object' && type !== 'array');
  const isNullable = types.length === 2 && types.includes('null');
  return isFlat || isNullable ? contents : undefined;
}

/** A name that is written as it is, that JavaScript keeps in its place, and that no object has by birth. */
const isPlain = (name: string): boolean =>
  JSON.stringify(name) === `"${name}"` && !/^\d+$/.test(name) && !(name in Object.prototype);
