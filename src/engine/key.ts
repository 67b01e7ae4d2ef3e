import type { CallContext } from './call.ts';

/**
 * Text that two calls of a provider have in common exactly when the upstream can tell nothing between them: the same input, and
 * the same headers forwarded from the client. Undefined where the input is more than plain data.
 */
export function toCallKey(input: unknown, { forwarded }: CallContext): string | undefined {
  const key = toKey(input);
  return key === undefined || forwarded === undefined ? key : `${key} ${toKey(forwarded)}`;
}

/** Nesting above which a value is no key: inputs are small, and a cycle has no end. */
const maxDepth = 8;

/**
 * Text that two plain values have in common exactly when they are equal, whatever the order of their fields. Undefined
 * for anything that is not plain data (`JSON.stringify` makes `{}` of every `Map`, and `null` of `NaN`).
 */
export function toKey(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return `${value}`;
  if (typeof value !== 'object' || depth === maxDepth) return undefined;
  if (Array.isArray(value)) return toListKey(value, depth);
  const prototype = Object.getPrototypeOf(value) as object | null; // by its definition
  return prototype === null || isBare(prototype) ? toFieldsKey(value, depth) : undefined;
}

/** Whether a prototype says nothing of its objects: that of `{}`, and that of what Fastify's router makes of a path. */
const isBare = (prototype: object): boolean =>
  prototype === Object.prototype || (Object.getPrototypeOf(prototype) === null && Object.keys(prototype).length === 0);

function toListKey(values: readonly unknown[], depth: number): string | undefined {
  const keys: string[] = [];
  for (const value of values) {
    const key = toKey(value, depth + 1);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return `[${keys.join()}]`;
}

function toFieldsKey(fields: object, depth: number): string | undefined {
  const entries: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const key = toKey(value, depth + 1);
    if (key === undefined) return undefined;
    entries.push(`${JSON.stringify(name)}:${key}`);
  }
  return `{${entries.sort().join()}}`;
}
