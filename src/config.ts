import { availableParallelism } from 'node:os';
import { type Static, Type } from 'typebox';
import { Check, Default, Errors } from 'typebox/value';
import type { AdmissionOptions } from './server/admission.ts';
import { isEdgeKey, readEdge } from './server/edge/keys.ts';
import type { EdgeOptions } from './server/edge/options.ts';
import { type Limits, limitRules, toLimitKey } from './server/limits.ts';

/** The environment is not usable. Every line names a key. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Every key but the origins of upstreams, with its default and its reason. */
const keys = Type.Object({
  /** Where to listen. */
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 3_000 }),
  /** Loopback, so that nobody serves the network by accident; 0.0.0.0 in a container. */
  HOST: Type.String({ minLength: 1, default: '127.0.0.1' }),
  /** The folder that holds `providers/` and `routes/`. */
  CONFLUO_APP_DIR: Type.String({ minLength: 1, default: '.' }),
  /** `embedded` runs the demo's upstreams on loopback; only `npm start` in the repository can. */
  CONFLUO_UPSTREAMS: Type.Enum(['live', 'embedded'], { default: 'live' }),
  CONFLUO_LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
  /** Milliseconds from SIGTERM to the end, whatever still runs: below the 30 s after which orchestrators kill. */
  CONFLUO_STOP_MS: Type.Integer({ minimum: 0, maximum: 600_000, default: 25_000 }),
  /**
   * Milliseconds from SIGTERM until no new connection is taken: load balancers need a moment to notice. Enough for Kubernetes,
   * whose nodes learn within a second or two; for others the interval of their checks, times how many must fail.
   */
  CONFLUO_DRAIN_MS: Type.Integer({ minimum: 0, maximum: 600_000, default: 5_000 }),
  /** Processes that answer, or `auto` for as many as the machine runs at once. 1 is one process, without a parent. */
  CONFLUO_WORKERS: Type.Integer({ minimum: 1, maximum: 256, default: 1 }),
  /** Aggregations at once; beyond it 503. */
  CONFLUO_MAX_IN_FLIGHT: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Bytes of upstreams' answers held at once. */
  CONFLUO_MAX_HELD_BYTES: Type.Optional(Type.Integer({ minimum: 1 })),
  /** How late timers may be before nothing more is taken on, milliseconds. */
  CONFLUO_MAX_LAG_MS: Type.Optional(Type.Integer({ minimum: 1 })),
});

/** Limits on clients, by their keys; the defaults are the server's own. */
const limitNames = new Map(Object.keys(limitRules).map((name) => [toLimitKey(name), name as keyof Limits])); // its own keys

const originKey = /^CONFLUO_UPSTREAM_([A-Z][A-Z0-9_]*)_ORIGIN$/;

/** How this process runs. Frozen. */
export interface Config {
  readonly port: number;
  readonly host: string;
  readonly appDir: string;
  readonly upstreams: 'live' | 'embedded';
  readonly logLevel: string;
  readonly stopMs: number;
  /** Below `stopMs`, or 0. */
  readonly drainMs: number;
  readonly workers: number;
  /** What is taken on at once, where it is given. */
  readonly admission: AdmissionOptions;
  /** Limits that are given. */
  readonly limits: Partial<Limits>;
  /** What is on at the edge. */
  readonly edge: EdgeOptions;
  /** Origins that override those of the definitions, by upstream name. */
  readonly origins: Readonly<Record<string, readonly string[]>>;
}

/**
 * Reads the environment.
 *
 * @throws ConfigError that names every key which is unknown or has a value that cannot work.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const origins: Record<string, readonly string[]> = {};
  const limits: Partial<Record<keyof Limits, number>> = {};
  const edgeTexts: Record<string, string> = {};
  const given: Record<string, string | number> = {};
  const complaints: string[] = [];
  for (const [key, value] of Object.entries(env)) {
    if (value === undefined) continue;
    const upstream = originKey.exec(key)?.[1];
    if (upstream) origins[toUpstreamName(upstream)] = value.split(',').map((origin) => origin.trim());
    else if (isKey(key)) given[key] = toValue(key, value);
    else if (isEdgeKey(key)) edgeTexts[key] = value;
    else if (limitNames.has(key)) readLimit(key, value, limits, complaints);
    else if (key.startsWith('CONFLUO_')) complaints.push(`${key} is not a known key`);
  }
  for (const [upstream, list] of Object.entries(origins)) {
    if (list.every(isOrigin)) continue;
    complaints.push(`${toOriginKey(upstream)} must be an origin like https://api.example.com, or several with commas`);
  }
  const { edge, complaints: ofEdge } = readEdge(edgeTexts);
  complaints.push(...ofEdge);
  const values = Default(keys, given);
  if (!Check(keys, values)) complaints.push(...toComplaints(values));
  else if (values.CONFLUO_DRAIN_MS > 0 && values.CONFLUO_DRAIN_MS >= values.CONFLUO_STOP_MS)
    complaints.push('CONFLUO_DRAIN_MS must be below CONFLUO_STOP_MS, or what runs would have no time to finish');
  if (complaints.length > 0) throw new ConfigError(complaints.join('; '));
  return toConfig(values as Static<typeof keys>, { limits, edge, origins }); // checked above
}

/** `CONFLUO_UPSTREAM_SUN_TIMES_ORIGIN` for `sun-times`. */
export const toOriginKey = (upstream: string): string =>
  `CONFLUO_UPSTREAM_${upstream.toUpperCase().replaceAll('-', '_')}_ORIGIN`;

const isOrigin = (origin: string): boolean => /^https?:\/\/[^/?#@]+\/?$/.test(origin) && URL.canParse(origin);

const toUpstreamName = (key: string): string => key.toLowerCase().replaceAll('_', '-');

const isKey = (key: string): key is keyof typeof keys.properties => Object.hasOwn(keys.properties, key);

/** Only digits are a number: what is empty, a fraction or a word stays text and is complained of. */
function toValue(key: keyof typeof keys.properties, text: string): string | number {
  if (key === 'CONFLUO_WORKERS' && text === 'auto') return availableParallelism();
  return Type.IsInteger(keys.properties[key]) && /^-?\d+$/.test(text) ? Number(text) : text;
}

function readLimit(
  key: string,
  text: string,
  limits: Partial<Record<keyof Limits, number>>,
  complaints: string[],
): void {
  const name = limitNames.get(key);
  if (!name) return;
  const { least, most } = limitRules[name];
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) limits[name] = value;
  else complaints.push(`${key} must be an integer from ${least} to ${most}`);
}

const toComplaints = (values: unknown): readonly string[] =>
  Errors(keys, values).map(({ instancePath, keyword, params, message }) => {
    const allowed = keyword === 'enum' ? `must be one of ${params.allowedValues.join(', ')}` : message;
    const orAuto = instancePath === '/CONFLUO_WORKERS' ? ' or auto' : '';
    return `${instancePath.slice(1)} ${allowed}${orAuto}`;
  });

function toConfig(
  values: Static<typeof keys>,
  { limits, edge, origins }: Pick<Config, 'limits' | 'edge' | 'origins'>,
): Config {
  return Object.freeze({
    port: values.PORT,
    host: values.HOST,
    appDir: values.CONFLUO_APP_DIR,
    upstreams: values.CONFLUO_UPSTREAMS,
    logLevel: values.CONFLUO_LOG_LEVEL,
    stopMs: values.CONFLUO_STOP_MS,
    drainMs: values.CONFLUO_DRAIN_MS,
    workers: values.CONFLUO_WORKERS,
    admission: Object.freeze({
      maxInFlight: values.CONFLUO_MAX_IN_FLIGHT,
      maxHeldBytes: values.CONFLUO_MAX_HELD_BYTES,
      maxLagMs: values.CONFLUO_MAX_LAG_MS,
    }),
    limits: Object.freeze(limits),
    edge,
    origins: Object.freeze(origins),
  });
}
