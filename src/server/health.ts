import type { FastifyInstance } from 'fastify';
import type { Binding } from '../engine/bind.ts';

/** Whether the process takes new work. */
export interface Readiness {
  /** True from the moment a stop was asked for. */
  isDraining: boolean;
}

/** `GET /livez`: the process answers. `GET /readyz`: it takes work; `?verbose` adds the state of every upstream. */
export function registerHealth(app: FastifyInstance, readiness: Readiness, snapshot: Binding['snapshot']): void {
  // Free of a rate limit, if there is one: whoever asks has one address for all its questions.
  const options = { schema: { hide: true }, config: { rateLimit: false } } as const;
  app.get('/livez', options, (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  app.get('/readyz', options, (request, reply) => {
    const query = request.query as Record<string, unknown>; // Fastify's own parser makes an object of it
    const status = readiness.isDraining ? 'draining' : 'ready';
    reply.code(readiness.isDraining ? 503 : 200).header('cache-control', 'no-store');
    return reply.send('verbose' in query ? { status, upstreams: snapshot() } : { status });
  });
}
