import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './child.ts';
import type { LoadFigures, LoadQuestions } from './load.ts';
import { isDisturbed, isWarm, toWindow, type Usage, type Window } from './measure.ts';
import type { RunningServer } from './servers.ts';
import type { Work } from './works.ts';

/** How long and how often is measured. */
export interface Pace {
  readonly connections: number;
  readonly windowMs: number;
  /** Each server is warmed up for this long at most. */
  readonly warmupMs: number;
  /** Rounds of one window a server. */
  readonly rounds: number;
  /** Rounds that may be added when something else disturbed some. */
  readonly extraRounds: number;
  /** Where several sittings are held: how often servers are started anew, or laps are made through all works. */
  readonly sittings: number;
}

/** From the first request to the beginning of a window, milliseconds: the connections are open then. */
const toRampMs = ({ connections, windowMs }: Pick<Pace, 'connections' | 'windowMs'>): number =>
  Math.max(Math.min(200, windowMs), connections);

/** Of a window of the warm-up, milliseconds, however short the others are: it takes seconds until V8 has compiled what is hot. */
const warmWindowMs = 1_000;

/** How many rounds may go wrong, as they do where something else takes the cores, before it is the server's fault. */
const wrongRounds = 3;

/** What came of it. */
export interface Compared {
  /** One list a server. */
  readonly windows: readonly (readonly Window[])[];
  /** What went wrong in the rounds that were taken again. */
  readonly wrong: readonly string[];
}

/** Measures servers in turn, each with the whole load. */
export async function compare(
  servers: readonly RunningServer[],
  work: Work,
  load: Child<LoadQuestions>,
  pace: Pace,
): Promise<Compared> {
  for (const server of servers) await warmUp(server, work, load, pace);
  const rounds: (readonly Window[])[] = [];
  const wrong: string[] = [];
  let quiet = 0;
  while (quiet < pace.rounds && rounds.length < pace.rounds + pace.extraRounds) {
    const round = new Map<RunningServer, Window>();
    // There and back again, so that none always comes behind the same.
    for (const server of rounds.length % 2 === 0 ? servers : servers.toReversed()) {
      const { window, figures } = await measure(server, work, load, pace);
      if (figures.errors === 0) round.set(server, window);
      else wrong.push(`${server.name}, ${work.path}: not only answers, but ${toText(figures.errorsBy)}`);
    }
    const windows = servers.flatMap((server) => round.get(server) ?? []);
    if (windows.length === servers.length) rounds.push(windows);
    else if (wrong.length > wrongRounds) throw new Error(wrong.join(', '));
    if (windows.length === servers.length && !windows.some(isDisturbed)) quiet += 1;
  }
  return { windows: servers.map((_, index) => rounds.flatMap((round) => round[index] ?? [])), wrong };
}

/** Loads a server until its cost has stopped falling, or the time for it is over. A cold server may miss its deadline. */
export async function warmUp(server: RunningServer, work: Work, load: Child<LoadQuestions>, pace: Pace): Promise<void> {
  const costs: number[] = [];
  const until = performance.now() + pace.warmupMs;
  while (performance.now() < until && !isWarm(costs)) {
    const { window } = await measure(server, work, load, { ...pace, windowMs: warmWindowMs });
    costs.push(window.cpuMicrosPerRequest);
  }
}

/** One window with one server, and what the clients saw in it. */
export async function measure(
  server: RunningServer,
  { path, saturates }: Work,
  load: Child<LoadQuestions>,
  { connections, windowMs }: Pace,
): Promise<{ readonly window: Window; readonly figures: LoadFigures }> {
  await server.prepare?.();
  await load.ask('start', { port: server.port, path, connections });
  await sleep(toRampMs({ connections, windowMs }));
  const [before] = await Promise.all([server.usage(), load.ask('mark')]);
  await sleep(windowMs);
  const [after, figures]: [Usage, LoadFigures] = await Promise.all([server.usage(), load.ask('take')]);
  await load.ask('stop');
  // Programs of others may be faster than the upstream.
  const isBusy = saturates !== false && server.child !== undefined;
  return { window: toWindow(before, after, figures, isBusy), figures };
}

const toText = (errorsBy: LoadFigures['errorsBy']): string =>
  Object.entries(errorsBy)
    .map(([kind, count]) => `${count} times ${kind}`)
    .join(' and ');
