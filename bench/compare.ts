import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './child.ts';
import type { LoadFigures, LoadQuestions } from './load.ts';
import { isDisturbed, isWarm, toWindow, type Usage, type Window } from './measure.ts';
import { pathOf, type RunningServer, type Work } from './servers.ts';

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
}

/** From the first request to the beginning of a window: the connections are open then. */
const rampMs = 200;

/** Measures servers in turn, each with the whole load; one list of windows a server. */
export async function compare(
  servers: readonly RunningServer[],
  work: Work,
  load: Child<LoadQuestions>,
  pace: Pace,
): Promise<readonly (readonly Window[])[]> {
  for (const server of servers) await warmUp(server, work, load, pace);
  const windows: Window[][] = servers.map(() => []);
  let quiet = 0;
  for (let round = 0; quiet < pace.rounds && round < pace.rounds + pace.extraRounds; round += 1) {
    for (const [index, server] of servers.entries()) windows[index]?.push(await measure(server, work, load, pace));
    if (windows.every((of) => of.slice(-1).every((window) => !isDisturbed(window)))) quiet += 1;
  }
  return windows;
}

/** Loads a server until its cost has stopped falling, or the time for it is over. */
export async function warmUp(server: RunningServer, work: Work, load: Child<LoadQuestions>, pace: Pace): Promise<void> {
  const costs: number[] = [];
  const until = performance.now() + pace.warmupMs;
  while (performance.now() < until && !isWarm(costs)) {
    const { cpuMicrosPerRequest } = await measure(server, work, load, pace);
    costs.push(cpuMicrosPerRequest);
  }
}

/** One window with one server. Throws when a request went wrong. */
export async function measure(
  { name, port, child }: RunningServer,
  work: Work,
  load: Child<LoadQuestions>,
  { connections, windowMs }: Pace,
): Promise<Window> {
  await load.ask('start', { port, path: pathOf(work), connections });
  await sleep(rampMs);
  const [before] = await Promise.all([child.ask('usage'), load.ask('mark')]);
  await sleep(windowMs);
  const [after, figures]: [Usage, LoadFigures] = await Promise.all([child.ask('usage'), load.ask('take')]);
  await load.ask('stop');
  if (figures.errors > 0)
    throw new Error(`${name}: ${figures.errors} of ${figures.answers + figures.errors} requests failed`);
  return toWindow(before, after, figures);
}
