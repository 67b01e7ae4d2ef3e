import type { Row } from './table.ts';

/** What one run found out; what `--json` writes and the charts are drawn from. */
export interface BenchResult {
  readonly takenAt: string;
  readonly node: string;
  readonly processor: string;
  /** Whether the servers had core 0 and everything else core 1. */
  readonly pinned: boolean;
  readonly connections: number;
  readonly works: readonly WorkResult[];
}

/** One job, all servers. */
export interface WorkResult {
  readonly work: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** How often the upstream could have served what the fastest server asked of it; below 3 it shapes the figures. */
  readonly upstreamHeadroom: number;
}
