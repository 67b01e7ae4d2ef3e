import type { Pace } from '../compare.ts';
import { widths } from '../parts.ts';
import type { Bar } from '../result.ts';
import type { ServerSetup } from '../servers/serve.ts';
import type { RunningServer } from '../servers.ts';
import type { Comparison, Session } from '../session.ts';
import { type Row, toMegabytes, toRange } from '../table.ts';
import { judgeFlat, judgeLinear, judgeMost, type Point, type Verdict } from '../verdict.ts';
import { merge, toPartsMerge, type Work } from '../works.ts';
import { cpuMeasure, type Mode, toCautions, toCpuBars, toShort } from './mode.ts';

/** The same work in several sizes. */
interface Sweep {
  readonly title: string;
  readonly column: string;
  readonly setup?: ServerSetup;
  readonly sizes: readonly Size[];
  /** About the cost of (c). */
  readonly judge: (points: readonly Point[]) => Verdict;
  readonly notes: readonly string[];
}

interface Size {
  readonly label: string;
  readonly amount: number;
  readonly work: Work;
  readonly connections: number;
}

/** What one size came to. */
interface Found {
  readonly size: Size;
  readonly rows: readonly Row[];
  readonly comparison: Comparison;
}

/** Few, so that the dearest size of (b), 14 ms a request, still answers in time. */
const few = 16;

const toSize = (label: string, amount: number, work: Work, connections: number): Size => ({
  label,
  amount,
  work,
  connections,
});

/** From one source to thirty. */
export const widthSweep = toMode({
  title: 'How it grows with the number of sources, of 4 KB each',
  column: 'sources',
  sizes: widths.map((width) => toSize(String(width), width, toPartsMerge(width, 4), few)),
  judge: (points) => judgeLinear('source', points),
  notes: [`${few} client connections.`],
});

/** From small answers to large ones. */
export const bodiesSweep = toMode({
  title: 'How it grows with the size of the answers, of three sources',
  column: 'three answers of',
  sizes: [1, 20, 200].map((kilobytes) => toSize(`${kilobytes} KB`, 3 * kilobytes, toPartsMerge(3, kilobytes), few)),
  judge: (points) => judgeLinear('KB', points),
  notes: [`${few} client connections.`],
});

/** From a few clients to a thousand. */
export const connectionsSweep = toMode({
  title: 'How it grows with the number of clients, the merge of three answers',
  column: 'connections',
  setup: { policies: { bulkhead: { queue: 1_000, maxWaitMs: 1_000 } }, deadlineMs: 10_000 },
  sizes: [10, 64, 300, 1_000].map((count) => toSize(count.toLocaleString('en'), count, merge, count)),
  judge: judgeFlat,
  notes: [
    'With more than 96 requests at once, the standard bulkhead (64 calls, 32 wait for 50 ms) refuses what is beyond. Here its queue takes 1,000 for a second, as the queue of (b) takes any number; both have 64 connections to each upstream and a deadline of 10 s. The other policies are the standard.',
    'Of the limits on clients, 256 connections from one address are raised, as all clients are one address here, and 1,000 requests in flight to 2,000.',
  ],
});

function toMode(sweep: Sweep): Mode {
  const { title, column, setup = {}, sizes, judge, notes } = sweep;
  return {
    names: ['undici', 'confluo'],
    run: async ({ session, names, pace }) => {
      const found = await session.withServers(names, { setup }, (servers) =>
        measureSizes(session, servers, sizes, pace),
      );
      const points = found.map(({ size, rows }) => ({ amount: size.amount, cost: toCost(rows) }));
      return {
        title,
        columns: [column, 'server', 'CPU µs/request', 'of (b)', 'lowest-highest', 'p99 ms', 'RSS MB'],
        rows: found.flatMap(({ size, rows }) => rows.map((row) => toCells(size.label, row))),
        measure: cpuMeasure,
        bars: found.flatMap(({ size, rows }): readonly Bar[] => toCpuBars(rows.map(shorten), `${size.label}: `)),
        verdicts: [
          judge(points),
          judgeMost(
            '(c) is never above (b)',
            found.map(({ rows }) => toRatio(rows)),
            1,
          ),
        ],
        notes: [...notes, ...toNotes(found)],
      };
    },
  };
}

/** All sizes with the same servers, there and back again: one round of each in a lap, so that they are measured side by side. */
async function measureSizes(
  session: Session,
  servers: readonly RunningServer[],
  sizes: readonly Size[],
  pace: Pace,
): Promise<readonly Found[]> {
  const short = toShort(pace);
  const laps = pace.sittings === 1 ? 1 : 2 * short.rounds;
  const rounds = laps === 1 ? short : { ...short, rounds: 1, extraRounds: 1 };
  const loads = sizes.map(({ work, connections }, index) => {
    // Warm from the size before.
    const warmupMs = index === 0 ? short.warmupMs : short.warmupMs / 2;
    return { work, pace: { ...rounds, warmupMs, connections } };
  });
  const comparisons = await session.compareInLaps(servers, loads, laps);
  return sizes.flatMap((size, index) => {
    const comparison = comparisons[index];
    return comparison ? { size, rows: comparison.toRows(), comparison } : [];
  });
}

const toCost = (rows: readonly Row[]): number => rows.at(-1)?.figures.cpuMicrosPerRequest ?? Number.NaN;
const toRatio = (rows: readonly Row[]): number => rows.at(-1)?.figures.ratio ?? Number.NaN;
const shorten = (row: Row): Row => ({ ...row, label: row.label.slice(0, 3) });

function toCells(label: string, { label: server, figures }: Row): readonly string[] {
  const { cpuMicrosPerRequest, ratio, ratioRange, p99Ms, rssBytes } = figures;
  const [cost, of, p99] = [cpuMicrosPerRequest.toFixed(0), ratio.toFixed(2), p99Ms.toFixed(1)];
  return [label, server, cost, of, toRange(ratioRange), p99, toMegabytes(rssBytes)];
}

/** The cautions of every size, each with its size. */
const toNotes = (found: readonly Found[]): readonly string[] =>
  found.flatMap(({ size, rows, comparison }) =>
    toCautions(rows, comparison)
      .slice(1)
      .map((caution) => `${size.label}: ${caution}`),
  );
