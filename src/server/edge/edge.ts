import type { FastifyInstance } from 'fastify';
import type { EdgeOptions } from './options.ts';

/**
 * Registers what is on, before the routes; what is off is not even loaded. The order is that of the hooks: headers are on every
 * answer, a page may read why it was refused, and a preflight does not count as a request.
 */
export async function registerEdge(app: FastifyInstance, edge: EdgeOptions): Promise<void> {
  if (edge.securityHeaders) await (await import('./security-headers.ts')).registerSecurityHeaders(app);
  if (edge.cors) await (await import('./cors.ts')).registerCors(app, edge.cors);
  if (edge.rateLimit) await (await import('./rate-limit.ts')).registerRateLimit(app, edge.rateLimit);
  if (edge.compression) await (await import('./compression.ts')).registerCompression(app);
}

/** Lets `register` add routes whose complete answers are tagged. */
export async function registerTagged(app: FastifyInstance, register: (scope: FastifyInstance) => void): Promise<void> {
  const { openTagged } = await import('./etag.ts');
  await openTagged(app, register);
}
