/**
 * `npm run bench`: what one aggregation costs, written by hand and with Confluo, in one run on one machine.
 *
 *   --quick              fewer and shorter windows, and only merge, typed and open if nothing is named: under 3 minutes
 *   --smoke              whether everything works; its figures mean nothing
 *   --only A,B           of merge, typed, declared, width, bodies, connections, hanging, hot, open, memory, log, processes
 *   --servers A,B        in place of those that a mode compares; `bench/servers.ts` has their names
 *   --json FILE          the result as JSON
 *   --docs FOLDER        charts into its charts/, tables into its performance.md
 *                        (both are written after each thing measured: a run that ends early keeps what it has)
 *   --profile SERVER     in place of a comparison: where this server's CPU time goes
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { toChart, writeCharts } from './chart.ts';
import type { Pace } from './compare.ts';
import { toText, writeTables } from './documents.ts';
import { isModeName, type ModeName, modes, quickModes } from './modes.ts';
import type { Cost } from './profile.ts';
import type { BenchResult, Section } from './result.ts';
import { type ContestantName, isContestant, isHere } from './servers.ts';
import { openSession, type Session } from './session.ts';
import { declared, merge, typed } from './works.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    only: { type: 'string' },
    servers: { type: 'string' },
    json: { type: 'string' },
    docs: { type: 'string' },
    profile: { type: 'string' },
  },
});

const paces = {
  full: { connections: 64, windowMs: 1_500, warmupMs: 20_000, rounds: 8, extraRounds: 4, sittings: 3 },
  quick: { connections: 64, windowMs: 1_000, warmupMs: 7_000, rounds: 5, extraRounds: 1, sittings: 1 },
  smoke: { connections: 8, windowMs: 100, warmupMs: 0, rounds: 1, extraRounds: 0, sittings: 1 },
} as const satisfies Record<string, Pace>;

const wholeRunMs = 45 * 60_000;

async function main(): Promise<void> {
  setTimeout(() => {
    console.error('The run took too long.');
    process.exit(1);
  }, wholeRunMs).unref();
  // With an exit of its own, so that programs of others end with this one.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const pace = options.smoke ? paces.smoke : options.quick ? paces.quick : paces.full;
  const named = options.servers?.split(',').map(toName);
  // Said now, not after the first quarter of an hour.
  if (options.docs && !existsSync(toPage(options.docs)))
    throw new Error(`--docs ${options.docs}: no performance.md in it`);
  // Where only function counts, the servers start twice as fast on both cores.
  const session = await openSession(options.smoke ? false : undefined);
  try {
    if (options.profile) await showProfiles(session, toName(options.profile), pace);
    else await showComparison(session, toModes(), named, pace);
  } finally {
    session.end();
  }
}

async function showComparison(
  session: Session,
  chosen: readonly ModeName[],
  named: readonly ContestantName[] | undefined,
  pace: Pace,
): Promise<void> {
  if (!session.pinned && !options.smoke)
    console.log('Nothing is bound to a core here (no taskset, or one core): expect noise.');
  const sections: Section[] = [];
  const machine = { node: process.version, processor: cpus()[0]?.model ?? 'unknown', pinned: session.pinned };
  for (const name of chosen) {
    const mode = modes[name];
    const names = takeInstalled(named ?? mode.names);
    try {
      const startedAt = performance.now();
      const section = { name, ...(await mode.run({ session, names, pace, smoke: options.smoke })) };
      sections.push(section);
      console.log(options.smoke ? `${name} works` : `\n${toText(section)}\n\n(${toSeconds(startedAt)} s)`);
      await write({ takenAt: new Date().toISOString(), ...machine, sections });
    } catch (error) {
      // The others are worth knowing, too.
      console.error(`\n${name} could not be measured:`, error);
      process.exitCode = 1;
    }
  }
  if (options.smoke) console.log('Smoke test only: its figures mean nothing, so they are not shown.');
}

async function write(result: BenchResult): Promise<void> {
  if (options.json) await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
  if (options.smoke) {
    for (const section of result.sections) toChart(section, result);
  } else if (options.docs) {
    await writeCharts(result, join(options.docs, 'charts'));
    await writeTables(result, toPage(options.docs));
  }
}

const toPage = (docs: string): string => join(docs, 'performance.md');

const toSeconds = (startedAt: number): string => ((performance.now() - startedAt) / 1_000).toFixed(0);

/** Passes over what is not installed, and says so. */
function takeInstalled(names: readonly ContestantName[]): readonly ContestantName[] {
  for (const name of names) if (!isHere(name)) console.log(`${name} is not installed here: left out.`);
  return names.filter(isHere);
}

async function showProfiles(session: Session, name: ContestantName, pace: Pace): Promise<void> {
  for (const work of [merge, typed, declared]) {
    const { files, functions } = await session.profile(name, work, pace);
    console.log(
      `\n${name}, ${work.path}: self time by file\n${toLines(files, 25)}\n\nby function\n${toLines(functions, 50)}`,
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

/** All, unless some are named. */
function toModes(): readonly ModeName[] {
  if (!options.only) return options.quick ? quickModes : Object.keys(modes).filter(isModeName);
  return options.only.split(',').map((name) => {
    if (!isModeName(name)) throw new Error(`no such thing to measure: ${name}`);
    return name;
  });
}

await main();
