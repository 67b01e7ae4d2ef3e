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
}

/** From the first request to the beginning of a window, milliseconds: the connections are open then. */
const toRampMs = (connections: number): number => Math.max(200, connections);

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
    for (const [index, server] of servers.entries()) {
      const { window, errors } = await measure(server, work, load, pace);
      if (errors > 0) throw new Error(`${server.name}: ${errors} requests for ${work.path} went wrong`);
      windows[index]?.push(window);
    }
    if (windows.every((of) => of.slice(-1).every((window) => !isDisturbed(window)))) quiet += 1;
  }
  return windows;
}

/** Loads a server until its cost has stopped falling, or the time for it is over. A cold server may miss its deadline. */
export async function warmUp(server: RunningServer, work: Work, load: Child<LoadQuestions>, pace: Pace): Promise<void> {
  const costs: number[] = [];
  const until = performance.now() + pace.warmupMs;
  while (performance.now() < until && !isWarm(costs)) {
    const { window } = await measure(server, work, load, pace);
    costs.push(window.cpuMicrosPerRequest);
  }
}

/** One window with one server, and how many requests went wrong in it. */
export async function measure(
  server: RunningServer,
  { path, saturates }: Work,
  load: Child<LoadQuestions>,
  { connections, windowMs }: Pace,
): Promise<{ readonly window: Window; readonly errors: number }> {
  await load.ask('start', { port: server.port, path, connections });
  await sleep(toRampMs(connections));
  const [before] = await Promise.all([server.usage(), load.ask('mark')]);
  await sleep(windowMs);
  const [after, figures]: [Usage, LoadFigures] = await Promise.all([server.usage(), load.ask('take')]);
  await load.ask('stop');
  // Programs of others may be faster than the upstream.
  const isBusy = saturates !== false && server.child !== undefined;
  return { window: toWindow(before, after, figures, isBusy), errors: figures.errors };
}
