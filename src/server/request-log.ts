import type { FastifyBaseLogger } from 'fastify';
import { toTenths } from '../engine/envelope.ts';
import type { Execution } from '../engine/execute.ts';
import type { SourceReport } from '../engine/run.ts';
import type { Later } from './log.ts';

/** Where lines go; undefined is nowhere. A log of our own has the lines of requests made later, several at a time. */
export type Log = (FastifyBaseLogger & Partial<Later>) | undefined;

/** What every line of a request says. */
interface RequestFields {
  readonly requestId: string;
  readonly method: string | undefined;
  /** The pattern, not the URL: what the client wrote into it may be a secret. Undefined where no route was found. */
  readonly route: string | undefined;
  readonly status: number;
}

/** What the line of an aggregated request says beside. */
interface ExecutionFields extends RequestFields {
  readonly traceId: string;
  readonly durationMs: number;
}

/** Writes the one line of an aggregated request: what came out, how long it took, and how each source ended. */
export function logExecution(log: Log, fields: ExecutionFields, { complete, reports }: Execution): void {
  if (!log) return;
  if (isEnabled(log)) {
    const { requestId, traceId, method, route, status, durationMs } = fields;
    const sources: Record<string, unknown> = {};
    for (const report of reports) sources[report.name] = toLine(report);
    // Written out: with copies of objects the line took an eighth longer.
    tell(log, { requestId, traceId, method, route, status, durationMs: toTenths(durationMs), complete, sources });
  }
  for (const { name, outcome } of reports) {
    if (outcome.status !== 'failed' || outcome.failure.code !== 'internal') continue;
    log.error({ requestId: fields.requestId, source: name, err: outcome.failure.cause }, outcome.failure.message);
  }
}

/** Writes the one line of a request that no source was called for; `reason` is a code of Fastify's or of Node's parser. */
export function logRefusal(log: Log, fields: RequestFields, reason?: string): void {
  if (log && isEnabled(log)) tell(log, { ...fields, ...(reason === undefined ? {} : { reason }) });
}

function tell(log: NonNullable<Log>, line: object): void {
  if (log.later) log.later(line, 'request');
  else log.info(line, 'request');
}

/** Whether lines come out at all; a logger that cannot tell is written to. */
const isEnabled = (log: FastifyBaseLogger & { readonly isLevelEnabled?: (level: string) => boolean }): boolean =>
  log.isLevelEnabled?.('info') ?? true;

function toLine({ outcome, durationMs, attempts, fallback }: SourceReport) {
  const tenths = toTenths(durationMs);
  // The common case without a copy.
  if (outcome.status === 'ok') return { status: 'ok', durationMs: tenths, attempts };
  const cost = { durationMs: tenths, attempts };
  if (outcome.status === 'skipped') return { status: 'skipped', because: outcome.because, ...cost };
  const { code, reason, status: upstreamStatus, cause } = outcome.failure;
  const failure = { status: 'failed', code, reason, upstreamStatus, cause: toText(cause) };
  return { ...failure, ...(fallback ? { fallback } : {}), ...cost };
}

const toText = (cause: unknown): string | undefined =>
  cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : undefined;
