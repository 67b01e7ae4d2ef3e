import type { UpstreamRequest } from '../engine/request.ts';

/**
 * The request target: the path, already encoded, and the query, encoded by the platform (WHATWG URL).
 *
 * @throws TypeError for a path that `path` did not make: plain JavaScript can give anything, and undici must not find it.
 */
export function toTarget({ path, query }: UpstreamRequest): string {
  if (path?.kind !== 'path') throw new TypeError('a path is made with path`/...`');
  if (query === undefined) return path.value;
  const search = new URLSearchParams();
  for (const name in query) {
    const value = query[name];
    if (value === undefined) continue;
    if (typeof value === 'object') for (const item of value) search.append(name, String(item));
    else search.append(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path.value : `${path.value}?${text}`;
}
