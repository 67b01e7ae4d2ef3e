import { toCells } from '../table.ts';
import { judgeMost } from '../verdict.ts';
import { merge } from '../works.ts';
import { cpuMeasure, type Mode, toCautions, toCpuBars } from './mode.ts';

/** All clients want the same, and Confluo may let them share. */
export const hotMode: Mode = {
  names: ['undici', 'confluo-coalesce'],
  run: async ({ session, names, pace }) => {
    const comparison = await session.withServers(names, {}, (servers) => session.compare(servers, merge, pace));
    const rows = comparison.toRows();
    return {
      title: 'One hot key: identical requests in flight',
      ...toCells(rows),
      measure: cpuMeasure,
      bars: toCpuBars(rows),
      verdicts: [judgeMost('(c) costs at most 0.15 of (b)', [rows.at(-1)?.figures.ratio ?? Number.NaN], 0.15)],
      notes: [`${pace.connections} clients ask for one URL.`, ...toCautions(rows, comparison)],
    };
  },
};
