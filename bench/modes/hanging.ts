import { toCells, toMegabytes } from '../table.ts';
import { judgeMost } from '../verdict.ts';
import { hangingMerge } from '../works.ts';
import { cpuMeasure, type Mode, toCautions, toCpuBars, toShort } from './mode.ts';

const deadlineMs = 250;

/** One of three upstreams never answers; the answer goes out without it at the deadline. */
export const hangingMode: Mode = {
  names: ['undici', 'confluo-patient', 'confluo'],
  run: async ({ session, names, pace }) => {
    const comparison = await session.withServers(names, { setup: { deadlineMs } }, (servers) =>
      session.compare(servers, hangingMerge, { ...toShort(pace), rounds: pace.rounds }),
    );
    const rows = comparison.toRows();
    const { columns, rows: cells } = toCells(rows);
    const memory = comparison.windows.map((windows) =>
      [windows.at(0), windows.at(-1)].map((window) => toMegabytes(window?.rssBytes ?? Number.NaN)),
    );
    const ours = rows.filter(({ label }) => label.startsWith('(c)')).map(({ figures }) => figures.ratio);
    return {
      title: `One of three upstreams hangs until its timeout of ${deadlineMs} ms`,
      columns: [...columns, 'RSS MB at the start', 'at the end'],
      rows: cells.map((line, index) => [...line, ...(memory[index] ?? [])]),
      measure: cpuMeasure,
      bars: toCpuBars(rows),
      verdicts: [judgeMost('(c) is never above (b)', ours, 1)],
      notes: [
        'With the standard policies the breaker soon spares the upstream, and answers go out at once; without it, every request waits for the timeout, as in (b).',
        ...toCautions(rows, comparison.upstreamHeadroom),
      ],
    };
  },
};
