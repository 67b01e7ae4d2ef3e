import type { Bytes } from './bytes.ts';
import type { Execution, Payload } from './execute.ts';
import { type Failure, toInternalFailure } from './failure.ts';
import type { Plan, PlannedSource } from './plan.ts';
import type { RouteRequest } from './route.ts';
import { type SourceReport, toAnswer } from './run.ts';
import { toNulls } from './selection.ts';

/** The status of one source as the client sees it. */
export interface SourceStatus {
  readonly status: 'ok' | 'failed' | 'skipped';
  /** The need that gave no answer, or `condition`. */
  readonly because?: string;
  readonly code?: string;
  readonly message?: string;
  readonly fallback?: true;
  /** From its start to its end, milliseconds, one decimal. */
  readonly durationMs: number;
  /** Requests that were sent. */
  readonly attempts: number;
}

/** A whole answer as JSON text: a string where it was made of values, bytes where it was spliced. */
export interface Written {
  readonly text: string | Buffer;
}

/** Writes the payload and the envelope of one route. */
export interface EnvelopeWriter {
  /** Gives the failure when the merge function threw. */
  write(execution: Execution, request: RouteRequest): Written | { readonly failure: Failure };
}

const nullBytes = Buffer.from('null');

/** How an envelope is written. */
export interface EnvelopeOptions {
  /** Whether it says how long each source took. Without, the same answers of the sources are the same bytes. Default true. */
  readonly hasDurations?: boolean;
}

/** Compiles the parts of a route's envelope that no request changes. */
export function compileEnvelope(plan: Plan, { hasDurations = true }: EnvelopeOptions = {}): EnvelopeWriter {
  const { merge } = plan;
  const isDeclared = plan.route.template !== undefined;
  const names = plan.sources.slice(0, plan.merged).map(({ name }) => name);
  const stands = plan.sources.map(toStandIns);
  const keys = names.map((name, index) => Buffer.from(`${index === 0 ? '{"data":{' : ','}${JSON.stringify(name)}:`));

  function writeMerged({ reports }: Execution, run: NonNullable<Plan['merge']>, request: RouteRequest): string {
    const answers: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i += 1) {
      const report = reports[i];
      if (report) answers[report.name] = toAnswer(report.source, report.outcome);
    }
    const json = JSON.stringify(run(answers, request));
    if (json === undefined) throw new TypeError('the merge function returned nothing');
    return `{"data":${json}`;
  }

  function splice({ reports }: Execution): readonly Uint8Array[] {
    const parts: Uint8Array[] = [];
    keys.forEach((key, index) => {
      const bytes = toBytes(reports[index]);
      parts.push(key);
      if (Buffer.isBuffer(bytes)) parts.push(bytes);
      else for (const piece of bytes) parts.push(piece);
    });
    parts.push(closing);
    return parts;
  }

  function select({ reports }: Execution): readonly Uint8Array[] {
    const parts: Uint8Array[] = [opening];
    for (let i = 0; i < names.length; i += 1) {
      const members = toMembers(reports[i], stands[i]);
      // Nothing is left of an answer whose fields may all be missing.
      if (members.length > 0) parts.push(parts.length > 1 ? comma : noBytes, members);
    }
    parts.push(closing);
    return parts;
  }

  function makePayload(execution: Execution, request: RouteRequest): Payload {
    if (merge) return writeMerged(execution, merge, request);
    return isDeclared ? select(execution) : splice(execution);
  }

  return {
    write(execution, request) {
      try {
        const tail = `,"complete":${execution.complete},"sources":${toSourcesJson(execution.reports, hasDurations)}}`;
        const payload = execution.shared?.payload ?? makePayload(execution, request);
        if (execution.shared) execution.shared.payload = payload;
        return { text: typeof payload === 'string' ? payload + tail : Buffer.concat([...payload, Buffer.from(tail)]) };
      } catch (cause) {
        return { failure: toInternalFailure(cause, 'the merge') };
      }
    },
  };
}

const opening = Buffer.from('{"data":{');
const closing = Buffer.from('}');
const comma = Buffer.from(',');
const noBytes = Buffer.alloc(0);

/** The members of a declared payload that stand in for those of an answer. */
interface StandIns {
  readonly nulls: Buffer;
  readonly fallback: Buffer;
}

function toStandIns({ selection, fallback }: PlannedSource): StandIns {
  const nulls = selection ? toNulls(selection) : noBytes;
  return { nulls, fallback: selection && fallback ? selection.write(fallback.value) : nulls };
}

function toMembers(report: SourceReport | undefined, stands: StandIns | undefined): Buffer {
  if (!report || !stands) return noBytes;
  const { outcome, source } = report;
  if (outcome.status === 'failed') return stands.fallback;
  if (outcome.status === 'skipped') return stands.nulls;
  return outcome.selected ?? source.selection?.write(outcome.value) ?? stands.nulls;
}

function toBytes(report: SourceReport | undefined): Bytes {
  if (!report) return nullBytes;
  const { outcome, source } = report;
  if (outcome.status === 'failed') return source.fallback?.bytes ?? nullBytes;
  if (outcome.status === 'skipped') return nullBytes;
  if (outcome.bytes) return outcome.bytes;
  return Buffer.from(JSON.stringify(outcome.value) ?? 'null');
}

/** The status of every source, by name, in the order of the plan. */
export const toSources = (reports: readonly SourceReport[]): Readonly<Record<string, SourceStatus>> =>
  Object.fromEntries(reports.map((report) => [report.name, toSourceStatus(report)]));

function toSourceStatus({ outcome, durationMs, attempts, fallback }: SourceReport): SourceStatus {
  const cost = { durationMs: toTenths(durationMs), attempts };
  if (outcome.status === 'ok') return { status: 'ok', ...cost };
  if (outcome.status === 'skipped') return { status: 'skipped', because: outcome.because, ...cost };
  const { code, message } = outcome.failure;
  return { status: 'failed', code, message, ...(fallback ? { fallback: true } : {}), ...cost };
}

function toSourcesJson(reports: readonly SourceReport[], hasDurations: boolean): string {
  let json = '{';
  for (const report of reports) {
    if (json.length > 1) json += ',';
    // Names need no escaping (engine/names.ts).
    json += `"${report.name}":`;
    if (report.outcome.status === 'ok') {
      // The common case without building an object.
      const duration = hasDurations ? `"durationMs":${writeTenths(report.durationMs)},` : '';
      json += `{"status":"ok",${duration}"attempts":${report.attempts}}`;
    } else {
      const status = toSourceStatus(report);
      json += JSON.stringify(hasDurations ? status : { ...status, durationMs: undefined });
    }
  }
  return `${json}}`;
}

/** `Server-Timing` (W3C): one entry a source, its duration, and its status as description. */
export function toServerTiming(reports: readonly SourceReport[]): string {
  let header = '';
  for (const { name, outcome, durationMs } of reports) {
    if (header) header += ', ';
    const status = outcome.status === 'failed' ? outcome.failure.code : outcome.status;
    header += `${name};dur=${writeTenths(durationMs)};desc="${status}"`;
  }
  return header;
}

/** Milliseconds as they are told: with one decimal. */
export const toTenths = (ms: number): number => Math.round(ms * 10) / 10;

/** The same as text, from two integers: a fraction takes 2.5 times as long to write, and there are two for each source. */
function writeTenths(ms: number): string {
  const tenths = Math.round(ms * 10);
  const rest = tenths % 10;
  return rest === 0 ? String(tenths / 10) : `${(tenths - rest) / 10}.${rest}`;
}
