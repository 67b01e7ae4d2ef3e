/**
 * `npm run bench`: what one aggregation costs, written by hand and with Confluo, in one run on one machine.
 *
 *   --quick              fewer and shorter windows: under three minutes
 *   --smoke              whether everything works; its figures mean nothing
 *   --only WORK          merge or typed
 *   --servers A,B        of fetch, undici, confluo, confluo-bare, confluo-log; the first three if not given
 *   --json FILE          the result as JSON
 *   --charts DIR         the result as SVG charts
 *   --profile SERVER     in place of a comparison: where this server's CPU time goes
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { writeCharts } from './chart.ts';
import type { Pace } from './compare.ts';
import type { Cost } from './profile.ts';
import type { BenchResult, WorkResult } from './result.ts';
import { type ContestantName, isContestant, isWork, type Work, works } from './servers.ts';
import { openSession, type Session } from './session.ts';
import { toTable } from './table.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    only: { type: 'string' },
    servers: { type: 'string', default: 'fetch,undici,confluo' },
    json: { type: 'string' },
    charts: { type: 'string' },
    profile: { type: 'string' },
  },
});

const paces = {
  full: { connections: 64, windowMs: 2_000, warmupMs: 25_000, rounds: 8, extraRounds: 8 },
  quick: { connections: 64, windowMs: 1_000, warmupMs: 10_000, rounds: 6, extraRounds: 2 },
  smoke: { connections: 8, windowMs: 200, warmupMs: 0, rounds: 1, extraRounds: 0 },
} as const satisfies Record<string, Pace>;

const wholeRunMs = 20 * 60_000;

async function main(): Promise<void> {
  setTimeout(() => {
    console.error('The run took too long.');
    process.exit(1);
  }, wholeRunMs).unref();
  const pace = options.smoke ? paces.smoke : options.quick ? paces.quick : paces.full;
  const session = await openSession();
  try {
    if (options.profile) await showProfiles(session, toName(options.profile), pace);
    else await showComparison(session, options.servers.split(',').map(toName), pace);
  } finally {
    session.end();
  }
}

async function showComparison(session: Session, names: readonly ContestantName[], pace: Pace): Promise<void> {
  if (!session.pinned) console.log('Nothing is bound to a core here (no taskset, or one core): expect noise.');
  const results: WorkResult[] = [];
  for (const work of toWorks(options.only)) {
    const result = await session.compareWork(names, work, pace);
    results.push(result);
    console.log(`\n${result.title}\n\n${toTable(result.rows)}\n`);
    console.log(
      `The upstream could have served ${result.upstreamHeadroom.toFixed(1)} times what the fastest server asked.`,
    );
    if (result.upstreamHeadroom < 3) console.log('That is little: the upstream is part of these figures.');
    if (result.rows.some(({ figures }) => figures.disturbed > figures.windows / 2)) {
      console.log('Something else used the cores in most windows: do not quote these figures.');
    }
  }
  const result: BenchResult = {
    takenAt: new Date().toISOString(),
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    pinned: session.pinned,
    connections: pace.connections,
    works: results,
  };
  if (options.json) await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
  if (options.charts) await writeCharts(result, options.charts);
  if (options.smoke) console.log('\nSmoke test only: everything works, the figures mean nothing.');
}

async function showProfiles(session: Session, name: ContestantName, pace: Pace): Promise<void> {
  for (const work of toWorks(options.only)) {
    const { files, functions } = await session.profile(name, work, pace);
    console.log(
      `\n${name}, ${work}: self time by file\n${toLines(files, 25)}\n\nby function\n${toLines(functions, 50)}`,
    );
  }
}

const toLines = (costs: readonly Cost[], limit: number): string =>
  costs
    .slice(0, limit)
    .map(({ place, share }) => `${(share * 100).toFixed(1).padStart(5)} %  ${place}`)
    .join('\n');

function toName(name: string): ContestantName {
  if (!isContestant(name)) throw new Error(`no such server: ${name}`);
  return name;
}

function toWorks(only: string | undefined): readonly Work[] {
  if (only === undefined) return Object.keys(works).filter(isWork);
  if (!isWork(only)) throw new Error(`no such work: ${only}`);
  return [only];
}

await main();
