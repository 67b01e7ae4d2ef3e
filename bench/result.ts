import type { Verdict } from './verdict.ts';

/** What one run found out; what `--json` writes and the charts are drawn from. */
export interface BenchResult extends Machine {
  readonly takenAt: string;
  readonly sections: readonly Section[];
}

/** What the figures were taken on. */
export interface Machine {
  readonly node: string;
  readonly processor: string;
  /** Whether the servers had core 0 and everything else core 1. */
  readonly pinned: boolean;
}

/** What one mode found out. */
export interface Section {
  /** Names the chart and the place in the documentation. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the bars of the chart show. */
  readonly measure: string;
  readonly bars: readonly Bar[];
  readonly verdicts: readonly Verdict[];
  /** What a reader has to know. */
  readonly notes: readonly string[];
}

/** One bar of a chart; shorter is better. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands beside the bar. */
  readonly note: string;
}
