import type { ContestantName } from '../servers.ts';
import { toCells } from '../table.ts';
import { verifyAnswers } from '../verify.ts';
import { merge, toPartial, typed, type Work } from '../works.ts';
import { cpuMeasure, type Mode, toCautions, toCpuBars } from './mode.ts';

/** Three answers as they are. */
export const mergeMode = toPageMode(
  merge,
  'Merge without function: three answers of 1, 5 and 16 KB, embedded as they are',
  ['fetch', 'undici', 'confluo', 'nginx', 'krakend'],
);

/** Three answers read. */
export const typedMode = toPageMode(typed, 'Typed merge: each answer parsed, checked and mapped to a smaller payload', [
  'fetch',
  'undici',
  'confluo',
]);

/** One work, by everybody who can do it. */
function toPageMode(work: Work, title: string, names: readonly ContestantName[]): Mode {
  return {
    names,
    run: ({ session, names, pace }) =>
      session.withServers(names, {}, async (servers) => {
        // All do the same when one of three upstreams is gone, too.
        await verifyAnswers(servers, toPartial(work));
        const { toRows, upstreamHeadroom } = await session.compare(servers, work, pace);
        const rows = toRows();
        const notes = toCautions(rows, upstreamHeadroom);
        return { title, ...toCells(rows), measure: cpuMeasure, bars: toCpuBars(rows), verdicts: [], notes };
      }),
  };
}
