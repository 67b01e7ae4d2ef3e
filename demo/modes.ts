import type { IncomingMessage, ServerResponse } from 'node:http';

/** How an embedded upstream behaves, and the number that goes with it. */
export interface Setting {
  readonly mode: Mode;
  /** Milliseconds, a status, ...: what the mode's row says; 0 where it has none. */
  readonly value: number;
}

/** One request to an embedded upstream, before anything was answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly value: number;
  /** How many requests came since the mode was set, this one included. */
  readonly count: number;
  /** The right answer, made when it is asked for. */
  readonly answer: () => Reply;
}

/** An answer as it goes over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

interface ModeRow {
  /** For the list that the demo control shows. */
  readonly about: string;
  readonly parameter?: {
    readonly name: string;
    readonly default: number;
    readonly least: number;
    readonly most: number;
  };
  readonly behave: (exchange: Exchange) => void;
}

const longestMs = 600_000;

/** What an embedded upstream can do to its callers. */
export const modes = {
  ok: { about: 'answers', behave: ({ response, answer }) => send(response, answer()) },
  slow: {
    about: 'answers after `ms` milliseconds',
    parameter: { name: 'ms', default: 3_000, least: 1, most: longestMs },
    behave: ({ response, value, answer }) => {
      const timer = setTimeout(() => send(response, answer()), value).unref();
      response.once('close', () => clearTimeout(timer));
    },
  },
  hang: { about: 'takes the request and never answers', behave: () => {} },
  drip: {
    about: 'answers one byte every `ms` milliseconds',
    parameter: { name: 'ms', default: 100, least: 1, most: longestMs },
    behave: ({ response, value, answer }) => drip(response, value, answer()),
  },
  error: {
    about: 'answers `status` with a page of its own',
    parameter: { name: 'status', default: 500, least: 400, most: 599 },
    behave: ({ response, value }) => send(response, toPage(value)),
  },
  flaky: {
    about: 'answers 503 to every request but each `every`th',
    parameter: { name: 'every', default: 2, least: 2, most: 1_000 },
    behave: ({ response, value, count, answer }) => send(response, count % value === 0 ? answer() : toPage(503)),
  },
  limited: {
    about: 'answers 429 with `Retry-After: seconds`',
    parameter: { name: 'seconds', default: 1, least: 0, most: 3_600 },
    behave: ({ response, value }) => send(response, toPage(429, { 'retry-after': String(value) })),
  },
  garbage: {
    about: 'answers 200 with HTML that says it is JSON',
    behave: ({ response }) => send(response, toPage(200, { 'content-type': 'application/json' })),
  },
  truncated: {
    about: 'announces more bytes than it sends, and leaves',
    behave: ({ request, response }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('[{"', () => request.socket.destroy());
    },
  },
  reset: { about: 'resets the connection', behave: ({ request }) => request.socket.resetAndDestroy() },
  refuse: { about: 'takes no connections', behave: ({ request }) => request.socket.resetAndDestroy() },
} as const satisfies Readonly<Record<string, ModeRow>>;

/** The name of a mode. */
export type Mode = keyof typeof modes;

/** The setting of an upstream that nobody has touched. */
export const initialSetting: Setting = { mode: 'ok', value: 0 };

/** A setting that cannot be; the message says what can, and may be shown. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/**
 * Reads a setting from a query: `mode=slow&ms=3000`.
 *
 * @throws SettingError naming what is wrong with it.
 */
export function toSetting(query: URLSearchParams): Setting {
  const mode = query.get('mode') ?? '';
  if (!isMode(mode)) throw new SettingError(`"mode" is one of ${Object.keys(modes).join(', ')}`);
  const { parameter }: ModeRow = modes[mode];
  const names = [...query.keys()];
  const known = new Set(['mode', parameter?.name]);
  if (names.some((name) => !known.has(name)) || new Set(names).size < names.length) {
    throw new SettingError(`mode ${mode} takes ${parameter ? `only "${parameter.name}", once` : 'nothing else'}`);
  }
  if (!parameter) return { mode, value: 0 };
  const { name, least, most } = parameter;
  const value = Number(query.get(name) ?? parameter.default);
  if (query.get(name) === '' || !Number.isInteger(value) || value < least || value > most) {
    throw new SettingError(`"${name}" is a whole number from ${least} to ${most}`);
  }
  return { mode, value };
}

/** A setting as the demo control shows it: `{ mode: 'slow', ms: 3000 }`. */
export function showSetting({ mode, value }: Setting): Readonly<Record<string, string | number>> {
  const { parameter }: ModeRow = modes[mode];
  return parameter ? { mode, [parameter.name]: value } : { mode };
}

const isMode = (text: string): text is Mode => Object.hasOwn(modes, text);

function send(response: ServerResponse, { status, headers, bytes }: Reply): void {
  response.statusCode = status;
  response.setHeaders(new Headers(headers)).end(bytes);
}

const toPage = (status: number, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  bytes: Buffer.from(`<!doctype html><title>${status}</title><h1>This is the demo, not the API</h1>`),
});

function drip(response: ServerResponse, ms: number, { status, headers, bytes }: Reply): void {
  response.writeHead(status, headers).flushHeaders();
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < bytes.length) response.write(bytes.subarray(sent, ++sent));
    else response.end();
  }, ms).unref();
  response.once('close', () => clearInterval(timer));
}
