import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import { toAllowedOrigins } from './checks.ts';
import type { CorsOptions } from './options.ts';

/** What pages may read beside the headers that every page may (Fetch standard, 3.3.3). */
const exposed = [
  'etag',
  'preference-applied',
  'retry-after',
  'server-timing',
  'traceparent',
  'x-aggregate-complete',
  'x-request-id',
];

/** How long a browser may remember what it was allowed, seconds: a change of the list is seen within it. */
const preflightSeconds = 600;

/**
 * Lets pages of these origins read the answers. Everybody else's requests are answered as if there were no CORS: nothing is
 * said to them of who else may.
 */
export async function registerCors(app: FastifyInstance, { origins, credentials = false }: CorsOptions): Promise<void> {
  const allowed = new Set(toAllowedOrigins(origins));
  await app.register(cors, {
    origin: (origin, done) => done(null, origin !== undefined && allowed.has(origin)),
    credentials,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: exposed,
    maxAge: preflightSeconds,
    // Its refusal would be plain text; what asks for nothing gets nothing.
    strictPreflight: false,
  });
}
