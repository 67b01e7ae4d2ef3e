/**
 * Whether a JSON value has more arrays and objects in one another than so many. Looks no further, so that it needs no more stack than that.
 * `JSON.parse` reads any depth, but whatever walks through a value (a validator, `JSON.stringify`) calls itself for each level.
 */
export function isDeeper(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (most === 0) return true;
  return Object.values(value).some((inner) => isDeeper(inner, most - 1));
}
