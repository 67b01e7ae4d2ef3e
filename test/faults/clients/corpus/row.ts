/** What reached a route's own code, as far as the row looks at it. */
export interface Reached {
  readonly route: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** Raw bytes, and what has to come out. */
export interface CorpusRow {
  readonly name: string;
  /** Several pieces are written with a moment between them. */
  readonly bytes: string | readonly string[];
  /** One status for each answer, in order. */
  readonly statuses: readonly number[];
  /** What becomes of the connection: it answers the next request, or it is closed. */
  readonly after: 'open' | 'closed';
  /** Requests that reach a route. Default none. */
  readonly handled?: readonly Reached[];
  /** All requests are HEAD, so no answer has a body. */
  readonly isHead?: boolean;
}

const host = 'Host: api.example.com';

/** A head: request line, `Host`, and these fields. */
export const head = (line: string, ...fields: readonly string[]): string =>
  [line, host, ...fields, '', ''].join('\r\n');

/** A GET of this target with these fields. */
export const get = (target: string, ...fields: readonly string[]): string => head(`GET ${target} HTTP/1.1`, ...fields);

/** A POST of JSON with these fields, which say how the body is framed. */
export const post = (body: string, ...fields: readonly string[]): string =>
  head('POST /v1/items HTTP/1.1', 'Content-Type: application/json', ...fields) + body;

/** What must never be taken for a request. */
export const hidden = get('/v1/items/smuggled');

/** A good request and what it reaches. */
export const good = get('/v1/items/good');
export const reachedGood: Reached = { route: 'item', params: { id: 'good' } };

/** What an empty object as body reaches. */
export const reachedAdd: Reached = { route: 'add', body: {} };
