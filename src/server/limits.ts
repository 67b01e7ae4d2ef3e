import { readFileSync } from 'node:fs';
import { DefinitionError } from '../engine/definition-error.ts';

interface Rule {
  readonly default: number | (() => number);
  readonly least: number;
  readonly most: number;
}

const second = 1_000;
const mebibyte = 1_048_576;
const count = { least: 1, most: 1_000_000 };
const bytes = { least: 1, most: mebibyte };
const duration = { least: 20, most: 3_600 * second };

/** Every limit on clients, with its default: so much passes, and one more does not. Durations are milliseconds. */
export const limitRules = {
  /** Of the request target; beyond it 414. */
  maxUrlBytes: { default: 8_192, ...bytes },
  /** Names and values of all header fields together; beyond it 431. */
  maxHeaderBytes: { default: 16_384, ...bytes },
  /** Header fields; beyond it 431. */
  maxHeaders: { default: 100, ...count },
  /** Of one path parameter, decoded; beyond it 414. */
  maxParamCharacters: { default: 100, ...count },
  /** Of the body; beyond it 413. */
  maxBodyBytes: { default: mebibyte, least: 1, most: 1_024 * mebibyte },
  /** Arrays and objects of the body in one another, as many as of an upstream's answer; beyond it 400. */
  maxBodyDepth: { default: 64, least: 1, most: 1_000 },
  /** Parameters of the query, counted by their separators; beyond it 400. */
  maxQueryParams: { default: 100, ...count },
  /** Requests of one connection that wait for their answer; the next one is 503, and the connection is closed behind it. */
  maxPipelined: { default: 10, ...count },
  /** Requests of one connection; the answer to the last of them closes it. */
  maxRequestsPerConnection: { default: 1_000, ...count },
  /** From a head's first byte to its end; then 408. */
  headerMs: { default: 5 * second, ...duration },
  /** From a head's first byte to the end of the body; then 408. */
  bodyMs: { default: 10 * second, ...duration },
  /** After how long a connection on which nothing was said is closed. */
  silentMs: { default: 15 * second, ...duration },
  /** The same between two requests: above the 60 s of common load balancers, so that they close first. */
  idleMs: { default: 72 * second, ...duration },
  /** In which time a client takes `minReadBytes` of the answer that waits for it; else its connection is reset. */
  readMs: { default: 5 * second, ...duration },
  minReadBytes: { default: 16_384, least: 1, most: 1_024 * mebibyte },
  /** Open connections; further ones are closed at once. Half of the file descriptors: each may need one to an upstream. */
  maxConnections: { default: () => Math.min(10_000, Math.floor(readFileDescriptors() / 2)), ...count },
  /** The same from one address. A proxy is one address. */
  maxConnectionsPerAddress: { default: 256, ...count },
} as const satisfies Readonly<Record<string, Rule>>;

/** What the server takes from clients, and how long it waits for them. */
export type Limits = { readonly [Name in keyof typeof limitRules]: number };

/**
 * Fills in the defaults.
 *
 * @throws DefinitionError naming the limit that is unknown or cannot work.
 */
export function toLimits(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!isLimit(name)) throw new DefinitionError(`limits: "${name}" is not a known limit`);
    const { least, most } = limitRules[name];
    if (!Number.isInteger(value) || value < least || value > most)
      throw new DefinitionError(`limits: ${name} must be an integer from ${least} to ${most}`);
  }
  const entries = Object.entries<Rule>(limitRules).map(([name, rule]) => [name, toDefault(rule)] as const);
  const limits = { ...(Object.fromEntries(entries) as Limits), ...given }; // one value for each rule
  if (limits.bodyMs < limits.headerMs)
    throw new DefinitionError('limits: bodyMs must be at least headerMs, which it includes');
  return limits;
}

/** Whether there is a limit of this name. */
const isLimit = (name: string): name is keyof Limits => Object.hasOwn(limitRules, name);

/** `CONFLUO_MAX_URL_BYTES` for `maxUrlBytes`. */
export const toLimitKey = (name: string): string => `CONFLUO_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

const toDefault = ({ default: value }: Rule): number => (typeof value === 'number' ? value : value());

/** What is assumed where the system does not tell: the smallest number that is common. */
const assumedDescriptors = 1_024;

/** File descriptors that the process may have open, as Linux tells it. */
function readFileDescriptors(): number {
  try {
    return toFileDescriptors(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return assumedDescriptors;
  }
}

/** Reads the soft limit from the text of `/proc/self/limits`. */
export function toFileDescriptors(text: string): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  return soft === undefined ? assumedDescriptors : Number(soft);
}
