import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
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
  return {
    type,
    title,
    status: http,
    detail,
    requestId,
    code: failure.code,
    ...(source === undefined ? {} : { source }),
    sources,
  };
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
