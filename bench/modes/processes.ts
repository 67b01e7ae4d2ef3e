import { median, type Usage } from '../measure.ts';
import type { RunningServer } from '../servers.ts';
import { type Row, toMegabytes, toRange } from '../table.ts';
import { judgeMost } from '../verdict.ts';
import { merge, type Work } from '../works.ts';
import { cpuMeasure, type Mode, toCautions, toCpuBars } from './mode.ts';

/** All share the cores here, so nobody has one for himself all the time. */
const work: Work = { ...merge, saturates: false };

/** One process, and two on one port, with no core of their own. */
export const processesMode: Mode = {
  names: ['confluo-one', 'confluo-two'],
  run: ({ session, names, pace }) =>
    session.withServers(names, { anyCore: true }, async (servers) => {
      const before = await readUsages(servers);
      const comparison = await session.compare(servers, work, pace);
      const after = await readUsages(servers);
      const rows = comparison.toRows('confluo-one');
      const shares = servers.map((_, index) => toLeastShare(before[index], after[index]));
      const [alone = 1, ...more] = rows.map(({ figures }) => figures.requestsPerSecond);
      const others = comparison.othersMicrosPerRequest;
      const cost = median(rows.map(({ figures }) => figures.cpuMicrosPerRequest));
      return {
        title: 'One process and two on one port, the merge of three answers',
        columns: [
          'server',
          'CPU µs/request',
          'of one',
          'lowest-highest',
          'requests/s',
          'p99 ms',
          'RSS MB',
          'least share',
        ],
        rows: rows.map((row, index) => toCells(row, shares[index] ?? Number.NaN)),
        measure: cpuMeasure.replace('(b)', 'one process'),
        bars: toCpuBars(rows),
        verdicts: [
          judgeMost(
            'a request costs two processes at most 1.1 times what it costs one',
            rows.slice(1).map(({ figures }) => figures.ratio),
            1.1,
          ),
          judgeMost(
            'one process answers at most 0.95 of what two do',
            more.map((rate) => alone / rate),
            0.95,
          ),
        ],
        notes: [
          `On a machine with two cores, twice as much cannot be seen: upstream and load generator need them as well, here ${others.toFixed(0)} µs for each request beside ${cost.toFixed(0)} of the server. So two processes have ${toPossible(cost, others).toFixed(2)} times the time of one at most.`,
          'The least share is that of the process which answered least; half is even. Memory is that of all processes, the parent without.',
          // Without the first, which is about the upstream.
          ...toCautions(rows, comparison).slice(1),
        ],
      };
    }),
};

/**
 * How much more two processes can answer than one where two cores are all there is: one is held up by its own core, or by that
 * of the others; two by both cores together.
 */
const toPossible = (cost: number, others: number): number => (2 * Math.max(cost, others)) / (cost + others);

const readUsages = (servers: readonly RunningServer[]): Promise<readonly Usage[]> =>
  Promise.all(servers.map((server) => server.usage()));

/** The share of all requests that the process with the fewest answered. */
function toLeastShare(before: Usage | undefined, after: Usage | undefined): number {
  const each = (after?.requestsEach ?? []).map((requests, index) => requests - (before?.requestsEach?.[index] ?? 0));
  return Math.min(...each) / each.reduce((sum, requests) => sum + requests, 0);
}

function toCells({ label, figures }: Row, share: number): readonly string[] {
  const { cpuMicrosPerRequest, ratio, ratioRange, requestsPerSecond, p99Ms, rssBytes } = figures;
  const [cost, of, rate, p99] = [
    cpuMicrosPerRequest.toFixed(0),
    ratio.toFixed(2),
    requestsPerSecond.toFixed(0),
    p99Ms.toFixed(1),
  ];
  return [label, cost, of, toRange(ratioRange), rate, p99, toMegabytes(rssBytes), share.toFixed(2)];
}
