import fastify, { type FastifyInstance, LogController } from 'fastify';
import { toRequestId } from './facts.ts';
import type { Limits } from './limits.ts';
import { createListener } from './listener.ts';
import { createErrorHandler, refuseUnknownUrls } from './refusals.ts';
import type { Log } from './request-log.ts';

/**
 * A Fastify instance behind limits, whose every own answer is a problem. It gets no logger, for with one it makes a child and
 * two listeners for each request: the lines of requests are written by whoever answers them.
 * Nobody's `X-Forwarded-*` is believed but that of the trusted proxies.
 */
export function createInstance(log: Log, limits: Limits, trustedProxies: readonly string[] = []): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.maxBodyBytes,
    routerOptions: { maxParamLength: limits.maxParamCharacters },
    serverFactory: (handler) => createListener(handler, log, limits),
    // The listener's own answers, which knows what is under way on the connection.
    clientErrorHandler: () => {},
    frameworkErrors: createErrorHandler(log),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: toRequestId,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.removeContentTypeParser('text/plain');
  refuseUnknownUrls(app, log);
  return app;
}
