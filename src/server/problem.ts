import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SourceStatus } from '../engine/envelope.ts';
import { type Failure, failures } from '../engine/failure.ts';

/** A problem (RFC 9457). It never repeats what the client sent. */
export interface Problem {
  /** `about:blank`, or `urn:problem-type:confluo:<code>` where a source failed. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly requestId: string;
  /** The failure's code, and the source it belongs to. */
  readonly code?: string;
  readonly source?: string;
  readonly sources?: Readonly<Record<string, SourceStatus>>;
  /** What is wrong with the request, each with a JSON pointer into its part. */
  readonly errors?: readonly InvalidPart[];
}

/** One thing that is wrong with a request. */
export interface InvalidPart {
  readonly in: 'path' | 'query' | 'header' | 'body';
  /** JSON pointer (RFC 6901) into that part. */
  readonly pointer: string;
  readonly detail: string;
}

/** A problem that only the status describes. */
export const toStatusProblem = (status: number, requestId: string, detail?: string): Problem => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Error',
  status,
  ...(detail === undefined ? {} : { detail }),
  requestId,
});

/** The problem of a required source's failure, or of a merge that threw. */
export function toFailureProblem(
  failure: Failure,
  requestId: string,
  sources: Readonly<Record<string, SourceStatus>>,
  source?: string,
): Problem {
  const { title, http } = failures[failure.code];
  const detail = source === undefined ? failure.message : `${source}: ${failure.message}`;
  const type = `urn:problem-type:confluo:${failure.code}`;
  return { type, title, status: http, detail, requestId, code: failure.code, ...(source === undefined ? {} : { source }), sources };
}

/** Sends a problem. */
export function sendProblem(reply: FastifyReply, problem: Problem): void {
  reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .header('x-request-id', problem.requestId)
    .send(JSON.stringify(problem));
}

const partNames = { params: 'path', querystring: 'query', headers: 'header', body: 'body' } as const;
/** Listed problems of one request at most. */
const mostErrors = 20;

/** Details for errors of Fastify's own that are worth more than the status's name. */
const details: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty',
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is too large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'the body must be application/json',
  FST_ERR_BAD_URL: 'the URL is not validly encoded',
  FST_ERR_MAX_PARAM_LENGTH: 'a path parameter is too long',
};

/** Makes every error of this instance a problem. */
export function setProblemHandlers(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    if (error.validation) return sendProblem(reply, toValidationProblem(error, request.id));
    const status = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : 500;
    if (status === 500) request.log.error({ err: error, requestId: request.id }, 'defect');
    sendProblem(reply, toStatusProblem(status, request.id, details[error.code]));
  });
  app.setNotFoundHandler((request, reply) => sendProblem(reply, toStatusProblem(404, request.id)));
}

function toValidationProblem(error: FastifyError, requestId: string): Problem {
  const part = partNames[(error.validationContext ?? 'body') as keyof typeof partNames]; // Fastify's contexts are these four
  const errors = (error.validation ?? []).slice(0, mostErrors).map(({ instancePath, message = 'is not valid' }) => ({
    in: part,
    pointer: instancePath,
    detail: message,
  }));
  return { ...toStatusProblem(400, requestId, 'the request is not valid'), errors };
}
