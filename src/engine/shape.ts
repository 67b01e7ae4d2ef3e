import { type TSchema, Type } from 'typebox';

/** What of a document is of use: anything, an object's fields, with or without those it does not name, or a list's items. */
export type Shape =
  | 'any'
  | { readonly fields: Readonly<Record<string, Shape>>; readonly isOpen: boolean }
  | { readonly items: Shape };

/**
 * The shape that a schema leaves of a document: what strip.ts drops without a look at other values is not in it. `any` where
 * that is nothing.
 */
export function toShape(schema: TSchema): Shape {
  if (Type.IsObject(schema)) return toObjectShape(schema);
  if (Type.IsArray(schema)) {
    const items = toShape(schema.items);
    return items === 'any' ? 'any' : { items };
  }
  if (Type.IsUnion(schema)) {
    const [only, ...others] = schema.anyOf.filter((member) => !Type.IsNull(member));
    if (only && others.length === 0) return toShape(only);
  }
  return 'any';
}

function toObjectShape(schema: TSchema & { readonly properties: Record<string, TSchema> }): Shape {
  const isOpen = 'additionalProperties' in schema && schema.additionalProperties !== false;
  const fields = Object.entries(schema.properties)
    .filter(([key]) => key !== '__proto__')
    .map(([key, field]) => [key, toShape(field)] as const)
    .filter(([, shape]) => !isOpen || shape !== 'any');
  return isOpen && fields.length === 0 ? 'any' : { fields: Object.fromEntries(fields), isOpen };
}
