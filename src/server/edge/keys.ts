import { DefinitionError } from '../../engine/definition-error.ts';
import { toAllowedOrigins, toClientHeader, toTrustedProxies } from './checks.ts';
import type { EdgeOptions, RateLimitOptions } from './options.ts';

interface Rule {
  /** What a value must be, in words. */
  readonly wanted: string;
  /** @throws DefinitionError when it is not that. */
  readonly read: (text: string) => Partial<Read>;
}

/** What the keys say, each for itself. */
interface Read extends Omit<EdgeOptions, 'cors' | 'rateLimit'> {
  readonly origins: readonly string[];
  readonly credentials: boolean;
  readonly rate: Pick<RateLimitOptions, 'max' | 'windowMs'>;
  readonly header: string;
}

const onOrOff = 'on or off';

const rules: Readonly<Record<string, Rule>> = {
  CONFLUO_CORS_ORIGINS: {
    wanted: 'origins like https://app.example.com, with commas',
    read: (text) => ({ origins: toAllowedOrigins(toList(text)) }),
  },
  CONFLUO_CORS_CREDENTIALS: { wanted: onOrOff, read: (text) => ({ credentials: toFlag(text) }) },
  CONFLUO_SECURITY_HEADERS: { wanted: onOrOff, read: (text) => ({ securityHeaders: toFlag(text) }) },
  CONFLUO_COMPRESSION: { wanted: onOrOff, read: (text) => ({ compression: toFlag(text) }) },
  CONFLUO_ETAG: { wanted: onOrOff, read: (text) => ({ etag: toFlag(text) }) },
  CONFLUO_RATE_LIMIT: {
    wanted: 'requests and their time like 100/60s',
    read: (text) => ({ rate: toRate(text) }),
  },
  CONFLUO_RATE_LIMIT_HEADER: {
    wanted: 'the name of a header',
    read: (text) => ({ header: toClientHeader(text) }),
  },
  CONFLUO_TRUSTED_PROXIES: {
    wanted: 'addresses or networks like 10.0.0.0/8, with commas',
    read: (text) => ({ trustedProxies: toTrustedProxies(toList(text)) }),
  },
};

/** Whether the key of the environment is one of the edge's. */
export const isEdgeKey = (key: string): boolean => Object.hasOwn(rules, key);

/** Reads the edge's keys of an environment. Every complaint names a key, and no value. */
export function readEdge(texts: Readonly<Record<string, string>>): {
  readonly edge: EdgeOptions;
  readonly complaints: readonly string[];
} {
  const complaints: string[] = [];
  let all: Partial<Read> = {};
  for (const [key, text] of Object.entries(texts)) {
    const rule = rules[key];
    if (!rule) continue;
    try {
      all = { ...all, ...rule.read(text) };
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      complaints.push(`${key} must be ${rule.wanted}`);
    }
  }
  const { origins, credentials, rate, header, ...edge } = all;
  if (credentials && !origins) complaints.push('CONFLUO_CORS_CREDENTIALS needs CONFLUO_CORS_ORIGINS');
  if (header !== undefined && !rate) complaints.push('CONFLUO_RATE_LIMIT_HEADER needs CONFLUO_RATE_LIMIT');
  return {
    complaints,
    edge: Object.freeze({
      ...edge,
      ...(origins && { cors: { origins, ...(credentials && { credentials }) } }),
      ...(rate && { rateLimit: { ...rate, ...(header !== undefined && { header }) } }),
    }),
  };
}

const toList = (text: string): readonly string[] => text.split(',').map((part) => part.trim());

function toFlag(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new DefinitionError(onOrOff);
  return text === 'on';
}

const rateForm = /^([1-9]\d{0,8})\/([1-9]\d{0,5})(ms|s|m|h)$/;
const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function toRate(text: string): Read['rate'] {
  const [, max, length, unit = ''] = rateForm.exec(text) ?? [];
  if (!max) throw new DefinitionError('a rate');
  return { max: Number(max), windowMs: Number(length) * (units[unit] ?? 1) };
}
