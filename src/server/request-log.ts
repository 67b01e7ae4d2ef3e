import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { RequestFacts } from '../engine/call.ts';
import type { Execution } from '../engine/execute.ts';
import type { SourceReport } from '../engine/run.ts';

/** Writes the one line of an aggregated request: what came out, how long it took, and how each source ended. */
export function logExecution(
  log: FastifyBaseLogger,
  request: FastifyRequest,
  facts: RequestFacts,
  result: { readonly status: number; readonly durationMs: number; readonly execution: Execution },
): void {
  const { status, durationMs, execution } = result;
  log.info(
    {
      requestId: facts.requestId,
      traceId: facts.traceId,
      method: request.method,
      // The pattern, not the URL: what the client wrote into it may be a secret.
      route: request.routeOptions.url,
      status,
      durationMs: Math.round(durationMs * 10) / 10,
      complete: execution.complete,
      sources: Object.fromEntries(execution.reports.map((report) => [report.name, toLine(report)])),
    },
    'request',
  );
  for (const { name, outcome } of execution.reports) {
    if (outcome.status !== 'failed' || outcome.failure.code !== 'internal') continue;
    log.error({ requestId: facts.requestId, source: name, err: outcome.failure.cause }, outcome.failure.message);
  }
}

function toLine({ outcome, durationMs, attempts, fallback }: SourceReport) {
  const cost = { durationMs: Math.round(durationMs * 10) / 10, attempts };
  if (outcome.status === 'ok') return { status: 'ok', ...cost };
  if (outcome.status === 'skipped') return { status: 'skipped', because: outcome.because, ...cost };
  const { code, reason, status: upstreamStatus, cause } = outcome.failure;
  return { status: 'failed', code, reason, upstreamStatus, cause: toText(cause), ...(fallback ? { fallback } : {}), ...cost };
}

const toText = (cause: unknown): string | undefined =>
  cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : undefined;
