import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Route } from '../engine/route.ts';
import { wasTold } from './listener.ts';
import { type InvalidPart, type Problem, sendProblem, toStatusProblem } from './problem.ts';
import { type Log, logRefusal } from './request-log.ts';

/** Answers a request that reaches no source, and writes its line. `reason` is a code for the log. */
export function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
  problem: Problem,
  reason?: string,
): void {
  // What it asks for, to be shown its own request, is never done; nothing good comes behind it.
  if (request.method === 'TRACE') reply.header('connection', 'close');
  sendProblem(reply, problem);
  logRefusal(
    log,
    { requestId: request.id, method: request.method, route: request.routeOptions.url, status: problem.status },
    reason,
  );
}

/** Details for errors of Fastify's own that are worth more than the status's name. */
const details: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty',
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is too large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'the body must be application/json',
  FST_ERR_BAD_URL: 'the URL is not validly encoded',
  FST_ERR_MAX_PARAM_LENGTH: 'a path parameter is too long',
};

/** Makes an error of Fastify's, of a validation or of a hook a problem. Whatever is not the client's fault is a defect. */
export const createErrorHandler =
  (log: Log) =>
  (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    if (error.validation) return refuse(request, reply, log, toValidationProblem(error, request.id), error.code);
    // What was still to be read of it is what it was told about.
    if (!request.raw.readableEnded && wasTold(request.raw.socket)) return;
    // Bodies are read first, even where nobody wants them.
    if (request.is404 && isBodyError(error)) return refuse(request, reply, log, toStatusProblem(404, request.id));
    const status = isCutOff(request) ? clientLeft : toStatus(error);
    if (status === 500) log?.error({ err: error, requestId: request.id }, 'defect');
    refuse(request, reply, log, toStatusProblem(status, request.id, details[error.code]), error.code);
  };

/** For the log: nobody reads it. The code is nginx's. */
const clientLeft = 499;

const toStatus = ({ statusCode = 500 }: FastifyError): number =>
  statusCode >= 400 && statusCode < 500 ? statusCode : 500;

/** Of Fastify's content type parsers. Other code's errors may have no code. */
const isBodyError = ({ code }: Partial<FastifyError>): boolean => code?.startsWith('FST_ERR_CTP_') === true;

/** Whether the body will never be whole. */
const isCutOff = ({ raw }: FastifyRequest): boolean => raw.socket.destroyed && !raw.complete;

const partNames = { params: 'path', querystring: 'query', headers: 'header', body: 'body' } as const;
/** Listed problems of one request at most. */
const mostErrors = 20;

function toValidationProblem(error: FastifyError, requestId: string): Problem {
  const part = partNames[(error.validationContext ?? 'body') as keyof typeof partNames]; // Fastify's contexts are these four
  const errors = (error.validation ?? []).slice(0, mostErrors).map(
    ({ instancePath, message = 'is not valid' }): InvalidPart => ({
      in: part,
      pointer: instancePath,
      detail: message,
    }),
  );
  return { ...toStatusProblem(400, requestId, 'the request is not valid'), errors };
}

/** Answers every URL that no route has, and every method that none could have (RFC 9110, 15.6.2). */
export function refuseUnknownUrls(app: FastifyInstance, log: Log): void {
  const methods = new Set<string>(app.supportedMethods);
  app.setNotFoundHandler((request, reply) =>
    refuse(request, reply, log, toStatusProblem(methods.has(request.method) ? 404 : 501, request.id)),
  );
}

/**
 * Registers, on each URL of the routes, the methods that none of them has: 405, with `Allow` (RFC 9110, 15.5.6). They are
 * routes of their own, so that no other request pays for it.
 */
export function refuseOtherMethods(
  app: FastifyInstance,
  routes: readonly Pick<Route, 'method' | 'url'>[],
  log: Log,
): void {
  for (const sharing of Object.values(Object.groupBy(routes, ({ url }) => toShape(url)))) {
    const [first] = sharing ?? [];
    const methods = new Set<string>(sharing?.map(({ method }) => method));
    if (methods.has('GET')) methods.add('HEAD');
    if (first) refuseMethods(app, first.url, methods, log);
  }
}

/** What makes two URLs of routes one: names of parameters do not count. */
export const toShape = (url: string): string => url.replaceAll(/:[^/]+/g, ':');

function refuseMethods(app: FastifyInstance, url: string, known: ReadonlySet<string>, log: Log): void {
  const allow = [...known].toSorted().join(', ');
  const method = app.supportedMethods.filter((name) => !known.has(name));
  // Before the body is looked at, which would be complained of first.
  const onRequest = (request: FastifyRequest, reply: FastifyReply) =>
    refuse(request, reply.header('allow', allow), log, toStatusProblem(405, request.id));
  app.route({ method, url, schema: { hide: true }, exposeHeadRoute: false, onRequest, handler: () => {} });
}
