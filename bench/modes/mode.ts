import type { Pace } from '../compare.ts';
import type { Bar, Section } from '../result.ts';
import type { ContestantName } from '../servers.ts';
import type { Comparison, Session } from '../session.ts';
import type { Row } from '../table.ts';

/** One thing to measure. */
export interface Mode {
  /** The contestants, unless the command line names others. */
  readonly names: readonly ContestantName[];
  run(context: Context): Promise<Omit<Section, 'name'>>;
}

/** What a mode is measured with. */
export interface Context {
  readonly session: Session;
  /** Contestants that are here. */
  readonly names: readonly ContestantName[];
  readonly pace: Pace;
  /** Only whether it works; the figures mean nothing. */
  readonly smoke: boolean;
}

/** The pace where there is much to measure: windows of a second at most, four of them. */
export const toShort = (pace: Pace): Pace => ({
  ...pace,
  windowMs: Math.min(pace.windowMs, 1_000),
  warmupMs: Math.min(pace.warmupMs, 8_000),
  rounds: Math.min(pace.rounds, 4),
  extraRounds: Math.min(pace.extraRounds, 2),
});

/** The pace where a few percent count: three times as many windows, each a third as long, so that more of them are side by side. */
export const toFine = (pace: Pace): Pace => ({
  ...pace,
  windowMs: pace.windowMs / 3,
  rounds: 3 * pace.rounds,
  extraRounds: 3 * pace.extraRounds,
});

/** The pace of each sitting, or lap, where there are several: together they have more rounds than one would have alone. */
export const toSittings = (pace: Pace): Pace =>
  pace.sittings === 1
    ? pace
    : { ...pace, rounds: Math.ceil(pace.rounds / 2), extraRounds: Math.ceil(pace.extraRounds / 2) };

/** What `toCpuBars` draws. */
export const cpuMeasure = 'CPU time of the server process per request; in brackets: relative to (b)';

/** A bar for each row: its cost, and beside it the cost and the ratio. */
export const toCpuBars = (rows: readonly Row[], prefix = ''): readonly Bar[] =>
  rows.map(({ label, figures }) => ({
    label: prefix + label,
    value: figures.cpuMicrosPerRequest,
    note: `${Math.round(figures.cpuMicrosPerRequest)} µs  (${figures.ratio.toFixed(2)})`,
  }));

/** What keeps figures from being quoted. */
export function toCautions(
  rows: readonly Row[],
  { upstreamHeadroom, wrong }: Pick<Comparison, 'upstreamHeadroom' | 'wrong'>,
): readonly string[] {
  const isDisturbed = rows.some(({ figures }) => figures.disturbed > figures.windows / 2);
  return [
    `The upstream could have served ${upstreamHeadroom.toFixed(1)} times what the fastest of our servers asked.`,
    ...(upstreamHeadroom < 3 ? ['That is little: the upstream is part of these figures.'] : []),
    ...wrong.map((what) => `Taken again: ${what}.`),
    ...(isDisturbed ? ['Something else used the cores in most windows: do not quote these figures.'] : []),
  ];
}
