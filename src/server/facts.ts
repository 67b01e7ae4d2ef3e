import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { RequestFacts } from '../engine/call.ts';
import { toRandomHex, toTrace } from '../engine/trace.ts';

const requestIdForm = /^[A-Za-z0-9._:@/+=-]{1,128}$/;

/** The client's `x-request-id` where it is safe to repeat and to log, else a new one: 32 hex digits. */
export function toRequestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && requestIdForm.test(given) ? given : toRandomHex(16);
}

/** The facts of a request that calls may know. */
export const toFacts = (requestId: string, headers: IncomingHttpHeaders): RequestFacts => {
  const { traceId, traceFlags } = toTrace(headers['traceparent']);
  return { requestId, traceId, traceFlags, isRetry: isRetry(headers) };
};

/** Whether a proxy or a client says that this is a repeated attempt: Envoy's count, or gRPC's. */
const isRetry = (headers: IncomingHttpHeaders): boolean =>
  Number(headers['x-envoy-attempt-count'] ?? 1) > 1 || Number(headers['grpc-previous-rpc-attempts'] ?? 0) > 0;
