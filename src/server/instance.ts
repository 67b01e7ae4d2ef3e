import fastify, { type FastifyInstance, LogController } from 'fastify';
import { toRequestId } from './facts.ts';
import { createClientErrorHandler, createListener } from './listener.ts';
import { createErrorHandler, refuseUnknownUrls } from './refusals.ts';
import type { Log } from './request-log.ts';

/** What Fastify takes from a client. */
const limits = {
  /** Bytes of a body. */
  bodyLimit: 1_048_576,
  /** Characters of one path parameter. */
  routerOptions: { maxParamLength: 100 },
};

/**
 * A Fastify instance behind limits, whose every own answer is a problem. It gets no logger, for with one it makes a child and
 * two listeners for each request: the lines of requests are written by whoever answers them.
 */
export function createInstance(log: Log): FastifyInstance {
  const app = fastify({
    ...limits,
    serverFactory: (handler) => createListener(handler, log),
    clientErrorHandler: createClientErrorHandler(log),
    frameworkErrors: createErrorHandler(log),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: toRequestId,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.removeContentTypeParser('text/plain');
  refuseUnknownUrls(app, log);
  return app;
}
