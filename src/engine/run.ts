import type { CallRecord } from './call.ts';
import type { Failure } from './failure.ts';
import type { SourceOutcome } from './outcome.ts';
import type { Answered, PlannedSource } from './plan.ts';

/** One source of one request while it runs. Also the record its call counts attempts in. */
export interface Run extends CallRecord {
  readonly source: PlannedSource;
  /** Needs that have not answered yet. */
  waiting: number;
  outcome: SourceOutcome | undefined;
  /** Undefined until it starts. */
  startedAt: number | undefined;
  durationMs: number;
}

/** How one source ended, and what it took. */
export interface SourceReport {
  readonly name: string;
  readonly source: PlannedSource;
  readonly outcome: SourceOutcome;
  readonly durationMs: number;
  readonly attempts: number;
  /** The outcome failed and the source's fallback stands in. */
  readonly fallback: boolean;
}

/** A source that has not started. */
export const createRun = (source: PlannedSource): Run => ({
  source,
  waiting: source.needs.length,
  outcome: undefined,
  startedAt: undefined,
  durationMs: 0,
  attempts: 0,
});

/** Whether dependents can start: there is an answer, or a fallback that stands in for a failed one. */
export const hasValue = (source: PlannedSource, outcome: SourceOutcome | undefined): boolean =>
  outcome !== undefined && (outcome.status === 'ok' || (outcome.status === 'failed' && source.fallback !== undefined));

/** What a merge or an input sees: the answer, the fallback, or `null`. */
export function toAnswer(source: PlannedSource, outcome: SourceOutcome | undefined): unknown {
  if (outcome?.status === 'ok') return outcome.value;
  return outcome?.status === 'failed' && source.fallback ? source.fallback.value : null;
}

/** The needs of a source, by the names its input sees them under. */
export function toNeeds(source: PlannedSource, runs: readonly Run[]): Answered {
  const needs: Record<string, unknown> = {};
  for (const { alias, index } of source.needs) {
    const need = runs[index];
    if (need) needs[alias] = toAnswer(need.source, need.outcome);
  }
  return needs;
}

/** Ends a source that is still open when the fan-out is over, and reports it. */
export function toReport(run: Run, runs: readonly Run[], reason: Failure, endedAt: number): SourceReport {
  const { source, attempts } = run;
  const isOpen = run.outcome === undefined;
  const outcome = run.outcome ?? toOpenOutcome(run, runs, reason);
  const durationMs = isOpen && run.startedAt !== undefined ? endedAt - run.startedAt : run.durationMs;
  return {
    name: source.name,
    source,
    outcome,
    durationMs,
    attempts,
    fallback: outcome.status === 'failed' && source.fallback !== undefined,
  };
}

function toOpenOutcome(run: Run, runs: readonly Run[], reason: Failure): SourceOutcome {
  // What waits for a need that can have no value now was never going to run; everything else ran out of time itself.
  const lost = run.source.needs.find(({ index }) => {
    const need = runs[index];
    return need && !hasValue(need.source, need.outcome) && !need.source.fallback;
  });
  const need = lost && runs[lost.index];
  return need ? { status: 'skipped', because: need.source.name } : { status: 'failed', failure: reason };
}
