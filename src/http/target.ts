import type { UpstreamRequest } from '../engine/request.ts';

/**
 * The request target: the path, already encoded, and the query, encoded by the platform (WHATWG URL).
 *
 * @throws TypeError for a path that `path` did not make, and, naming the field, for a query value that its type forbids: plain
 *   JavaScript can give anything, and neither undici nor the upstream is to make something of it.
 */
export function toTarget({ path, query }: UpstreamRequest): string {
  if (path?.kind !== 'path') throw new TypeError('a path is made with path`/...`');
  if (query === undefined) return path.value;
  const search = new URLSearchParams();
  for (const name in query) {
    const value = query[name];
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const item of value) search.append(name, toText(name, item));
    else search.append(name, toText(name, value));
  }
  const text = search.toString();
  return text === '' ? path.value : `${path.value}?${text}`;
}

function toText(name: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TypeError(`the query field "${name}" has a value that is no text, number or boolean`);
}
