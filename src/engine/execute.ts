import type { RequestFacts } from './call.ts';
import { now, remainingMs, startTimer } from './deadline.ts';
import { type Failure, toInternalFailure } from './failure.ts';
import type { Forwarded } from './forward.ts';
import type { SourceOutcome } from './outcome.ts';
import type { Plan, PlannedSource } from './plan.ts';
import type { RouteRequest } from './route.ts';
import { createRun, hasValue, type Run, type SourceReport, toNeeds, toReport } from './run.ts';
import type { OwnedScope } from './scope.ts';

/** How a fan-out ended. */
export interface Execution {
  /** In the order of the plan's sources. */
  readonly reports: readonly SourceReport[];
  /** Every source answered, or was skipped by a condition. */
  readonly complete: boolean;
  /** The required source that gave no answer: then there is no payload. */
  readonly failed: SourceReport | undefined;
  /** Present where several requests have this execution in common: what is made of it once for all of them. */
  readonly shared?: { payload?: Payload };
}

/** What a route makes of its answers, but for its end: text where it was made of values, bytes where it was spliced. */
export type Payload = string | readonly Uint8Array[];

/** What one request brings to its plan. */
export interface ExecuteOptions {
  /** Aborted by the owner when the client leaves; aborted here at the deadline and as soon as the fan-out is over. */
  readonly scope: OwnedScope;
  /** When the request came, on the clock of `now`. Default: now. */
  readonly startedAt?: number | undefined;
  /** The whole time for the answer, milliseconds. */
  readonly deadlineMs: number;
  readonly request: RequestFacts;
  /** The client's headers of the plan's `forward`; each source gets those of its own upstream. */
  readonly forwarded?: Forwarded | undefined;
  /** Every source is required: `Prefer: handling=strict`. */
  readonly strict: boolean;
}

const notNeeded: Failure = { code: 'cancelled', message: 'no longer needed', reason: 'not_needed' };

/**
 * Runs a plan: each source starts as soon as its needs have answered. Never rejects. Ends with the last source, with the
 * first required failure, or when the scope is aborted; what is still running then is cancelled and not waited for.
 */
export function execute(plan: Plan, request: RouteRequest, options: ExecuteOptions): Promise<Execution> {
  return new Promise((resolve) => {
    const { scope, deadlineMs, strict } = options;
    const deadlineAt = (options.startedAt ?? now()) + deadlineMs;
    const runs = plan.sources.map(createRun);
    let open = runs.length;
    let isOver = false;

    const onLate = () =>
      scope.abort({ code: 'timeout', message: `no answer within ${deadlineMs} ms`, reason: 'deadline' });
    const leftMs = remainingMs(deadlineAt);
    const timer = startTimer(leftMs, onLate);
    // It waited for so long before it could begin.
    if (leftMs === 0) onLate();
    scope.onAbort(finish);

    for (const run of runs) if (run.source.needs.length === 0) start(run);

    function start(run: Run): void {
      // Skipped already, when another of its needs gave no answer.
      if (isOver || run.outcome) return;
      const { source } = run;
      run.startedAt = now();
      try {
        const needs = toNeeds(source, runs);
        if (source.when && !source.when(request, needs)) {
          return settle(run, { status: 'skipped', because: 'condition' });
        }
        const forwarded = source.forward(options.forwarded);
        // Every field there is: policies copy it, and a copy that gets a field of its own needs more room.
        const context = { scope, deadlineAt, request: options.request, forwarded, record: run, payExtra: undefined };
        const onDefect = (cause: unknown) => settle(run, toDefect(cause, `a policy of source ${source.name}`));
        source.call(source.input(request, needs), context).then((outcome) => settle(run, outcome), onDefect);
      } catch (cause) {
        settle(run, toDefect(cause, `source ${source.name}`));
      }
    }

    function settle(run: Run, outcome: SourceOutcome): void {
      if (isOver || run.outcome) return;
      const { source } = run;
      run.outcome = outcome;
      if (run.startedAt !== undefined) run.durationMs = now() - run.startedAt;
      open -= 1;
      if (isFatal(source, outcome)) return finish(notNeeded);
      for (const index of source.dependents) {
        const dependent = runs[index];
        if (dependent) release(dependent, run, outcome);
      }
      if (open === 0) finish(notNeeded);
    }

    function release(run: Run, need: Run, outcome: SourceOutcome): void {
      run.waiting -= 1;
      if (!hasValue(need.source, outcome)) {
        settle(run, { status: 'skipped', because: need.source.name });
      } else if (run.waiting === 0) start(run);
    }

    function finish(reason: Failure): void {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      const endedAt = now();
      // Before the reports: what had not left yet is no attempt.
      scope.abort(notNeeded);
      const reports = runs.map((run) => toReport(run, runs, reason, endedAt));
      // The failure that ended it, or, at the deadline, the first required source that was still open.
      const failed =
        reports.find((report, index) => runs[index]?.outcome && isFatal(report.source, report.outcome)) ??
        reports.find(({ source, outcome }) => isFatal(source, outcome));
      // What was skipped for a failure has that failure beside it; what a condition skipped leaves the answer complete.
      resolve({ reports, complete: !reports.some(({ outcome }) => outcome.status === 'failed'), failed });
    }

    function isFatal(source: PlannedSource, outcome: SourceOutcome): boolean {
      return outcome.status === 'failed' && (strict || !source.optional);
    }
  });
}

const toDefect = (cause: unknown, where: string): SourceOutcome => ({
  status: 'failed',
  failure: toInternalFailure(cause, where),
});
