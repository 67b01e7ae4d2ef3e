import { warmUp } from '../compare.ts';
import { toCells, toMegabytes } from '../table.ts';
import { judgeMost } from '../verdict.ts';
import { hangingMerge, merge } from '../works.ts';
import { cpuMeasure, type Mode, toCautions, toCpuBars } from './mode.ts';

const deadlineMs = 500;

/** One of three upstreams never answers; the answer goes out without it at the deadline. */
export const hangingMode: Mode = {
  names: ['undici', 'confluo-patient', 'confluo'],
  run: async ({ session, names, pace }) => {
    const comparison = await session.withServers(names, { setup: { deadlineMs } }, async (servers) => {
      // While it hangs, requests are too few to warm anything up.
      for (const server of servers) await warmUp(server, merge, session.load, pace);
      return session.compare(servers, hangingMerge, { ...pace, warmupMs: pace.warmupMs / 4 });
    });
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
        ...toCautions(rows, comparison),
      ],
    };
  },
};
