import { type ContestantName, isPeer } from '../servers.ts';
import { type Row, toCells } from '../table.ts';
import { verifyAnswers } from '../verify.ts';
import { declared, merge, toPartial, typed, type Work } from '../works.ts';
import { cpuMeasure, type Mode, toCautions, toCpuBars, toSittings } from './mode.ts';

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

/** Three answers of which fields are taken. */
export const declaredMode = toPageMode(
  declared,
  'Declared merge: each answer checked, fields picked, renamed and hoisted, nothing computed',
  ['fetch', 'undici', 'confluo'],
);

/** One work, by everybody who can do it. */
function toPageMode(work: Work, title: string, names: readonly ContestantName[]): Mode {
  return {
    names,
    run: async ({ session, names, pace }) => {
      const comparison = await session.compareAnew(names, work, toSittings(pace), async (servers) => {
        // All do the same when one of three upstreams is gone, too.
        await verifyAnswers(servers, toPartial(work));
        return servers;
      });
      const rows = comparison.toRows();
      const idle = rows.filter((_, index) => isPeer(names[index])).flatMap(toIdleNote);
      const notes = [...idle, ...toCautions(rows, comparison)];
      return { title, ...toCells(rows), measure: cpuMeasure, bars: toCpuBars(rows), verdicts: [], notes };
    },
  };
}

/** A program that is faster than what asks it and what it asks has a rate that is not its own. */
function toIdleNote({ label, figures }: Row): readonly string[] {
  const busy = (figures.cpuMicrosPerRequest * figures.requestsPerSecond) / 1e6;
  return busy < 0.9
    ? [
        `${label} used ${(100 * busy).toFixed(0)} % of its core: its rate and its latency are those of upstreams and load.`,
      ]
    : [];
}
