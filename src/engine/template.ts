import { DefinitionError } from './definition-error.ts';

/** Where a payload's field comes from: a path like `product.price.amount`, or some fields of what is there. */
export interface Template {
  readonly [field: string]: string | Picked<string, Template>;
}

/** Some fields of an object, or of each item of a list; null stays null. */
export interface Picked<Path extends string, Fields extends Template> {
  readonly kind: 'picked';
  readonly path: Path;
  readonly fields: Fields;
}

/** Takes these fields of the object at the path, or of each item of the list there. Their own paths begin there, too. */
export const pick = <const Path extends string, const Fields extends Template>(
  path: Path,
  fields: Fields,
): Picked<Path, Fields> => Object.freeze({ kind: 'picked', path, fields });

/** Names of the fields of an object that a schema lists; those of a record are known to nobody before they come. */
type Key<T> = [T] extends [readonly unknown[]] ? never : [T] extends [object] ? KnownKey<keyof T> : never;
type KnownKey<K> = string extends K ? never : Exclude<K & string, `${string}.${string}`>;

/** The path, if it leads to a field of `T`, through objects that may be missing or null; else those that would, or its last list. */
export type PathIn<T, Path extends string, Before extends string = ''> = Path extends `${infer K}.${infer Rest}`
  ? K extends Key<T> & keyof T
    ? PathIn<NonNullable<T[K]>, Rest, Join<Before, K>>
    : Instead<T, Before>
  : Path extends Key<T>
    ? Join<Before, Path>
    : Instead<T, Before>;

type Instead<T, Before extends string> = [Key<T>] extends [never] ? Before : Join<Before, Key<T>>;
type Join<Before extends string, K extends string> = Before extends '' ? K : `${Before}.${K}`;

type At<T, Path extends string> = Path extends `${infer K}.${infer Rest}` ? At<Field<T, K>, Rest> : Field<T, Path>;
type Field<T, K extends string> = K extends keyof T ? NonNullable<T[K]> : never;
type Item<T> = T extends readonly (infer I)[] ? Item<NonNullable<I>> : T;

/** The template as far as its paths lead to fields of `T`; where one does not, those that would. */
export type Checked<T, Fields> = {
  readonly [K in keyof Fields]: Fields[K] extends Picked<infer Path, infer Inner>
    ? Path extends PathIn<T, Path>
      ? Picked<Path, Checked<Item<At<T, Path>>, Inner>>
      : Picked<PathIn<T, Path>, Inner>
    : Fields[K] extends string
      ? PathIn<T, Fields[K]>
      : Template[string];
};

/** What is taken of a value: all of it, or fields of an object, or of the items of a list. By the names they have there. */
export type Taken = 'all' | ReadonlyMap<string, TakenField>;

/** A field that is taken. Without a new name its own fields stand in its place. */
export interface TakenField {
  readonly as: string | undefined;
  readonly taken: Taken;
}

/**
 * What a template takes, from the other end: by source, and there by field.
 *
 * @throws DefinitionError naming `where`, when a path is none, or leads where another has taken something.
 */
export function toTaken(template: Template, where: string): ReadonlyMap<string, TakenField> {
  const taken = new Map<string, TakenField>();
  for (const [name, from] of Object.entries(template)) {
    const place = `${where}: "${name}"`;
    if (name === '__proto__') throw new DefinitionError(`${place} cannot name a field`);
    if (typeof from !== 'string' && from?.kind !== 'picked')
      throw new DefinitionError(`${place} is no path and no pick`);
    const path = typeof from === 'string' ? from : from.path;
    const inner = typeof from === 'string' ? 'all' : toTaken(from.fields, place);
    put(taken, path.split('.'), { as: name, taken: inner }, `${place}: "${path}" is taken twice`);
  }
  return taken;
}

function put(taken: Map<string, TakenField>, [key = '', ...rest]: readonly string[], field: TakenField, twice: string) {
  const known = taken.get(key);
  if (rest.length === 0) {
    if (known) throw new DefinitionError(twice);
    taken.set(key, field);
    return;
  }
  if (known && (known.as !== undefined || known.taken === 'all')) throw new DefinitionError(twice);
  const inner = new Map(known?.taken === 'all' ? [] : known?.taken);
  put(inner, rest, field, twice);
  taken.set(key, { as: undefined, taken: inner });
}
