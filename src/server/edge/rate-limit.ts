import { hash } from 'node:crypto';
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { toClientHeader } from './checks.ts';
import type { RateLimitOptions } from './options.ts';

/** Bits of an IPv6 address that are one client's: the rest is its to choose (RFC 4291, 2.5.4). */
const ipv6Prefix = 64;

/** Bounds the requests of one client; those beyond are 429 with `Retry-After`. Health stays free, by its own word. */
export async function registerRateLimit(
  app: FastifyInstance,
  { max, windowMs, header, clients = 5_000 }: RateLimitOptions,
): Promise<void> {
  const name = header === undefined ? undefined : toClientHeader(header);
  await app.register(rateLimit, { max, timeWindow: windowMs, cache: clients, keyGenerator: toClient });

  function toClient({ headers, ip }: FastifyRequest): string {
    const given = name === undefined ? undefined : headers[name];
    // As a hash: it is of one length, and no secret stays here.
    return typeof given === 'string' ? `key ${hash('sha256', given, 'base64')}` : normalizeIP(ip, ipv6Prefix);
  }
}
