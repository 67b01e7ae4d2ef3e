import type { LoadFigures } from './load.ts';

/** What a process has used since it began. */
export interface Cpu {
  /** User and system, of all its threads. */
  readonly cpuMicros: number;
  /** Wall time at the moment of reading, milliseconds. */
  readonly atMs: number;
}

/** What a server has used and done since it began. */
export interface Usage extends Cpu {
  /** Undefined where the server does not tell: then the answers that the load saw count. */
  readonly requests: number | undefined;
  /** The same of each of its processes, where there are several. */
  readonly requestsEach?: readonly number[];
  readonly rssBytes: number;
}

/** One short measurement of one server. */
export interface Window {
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
  /**
   * CPU time by wall time. Below 1: something else had the core, or the load did not suffice. Undefined where it was not meant
   * to.
   */
  readonly busy: number | undefined;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssBytes: number;
}

/** A server's figures: medians of its windows. */
export interface Figures extends Omit<Window, 'busy'> {
  /** CPU by request in relation to the baseline's window of the same round; median of all rounds. */
  readonly ratio: number;
  /** The lowest and the highest such relation: how far to trust it. */
  readonly ratioRange: readonly [low: number, high: number];
  readonly windows: number;
  /** How many windows something else took part in. They are left out where enough others remain. */
  readonly disturbed: number;
}

/** Reads this process's own use of the CPU. */
export function readCpu(): Cpu {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, atMs: performance.timeOrigin + performance.now() };
}

/** What happened between two readings. */
export function toWindow(before: Usage, after: Usage, load: LoadFigures, saturates = true): Window {
  const { p50Ms, p99Ms, answers } = load;
  const requests =
    before.requests === undefined || after.requests === undefined ? answers : after.requests - before.requests;
  const wallMs = after.atMs - before.atMs;
  const cpuMicros = after.cpuMicros - before.cpuMicros;
  return {
    cpuMicrosPerRequest: cpuMicros / requests,
    requestsPerSecond: (requests / wallMs) * 1000,
    busy: saturates ? cpuMicros / 1000 / wallMs : undefined,
    p50Ms,
    p99Ms,
    rssBytes: after.rssBytes,
  };
}

/** Whether a saturated server did not get its core for the whole window. */
export const isDisturbed = ({ busy }: Window): boolean => busy !== undefined && busy < 0.93;

/** Windows of a warm-up at least: on a busy machine the cost may seem to have stopped falling long before. After six seconds it was seen to fall by another quarter. */
const leastWarmWindows = 14;

/** Whether the cost has stopped falling: the last two windows are no better than the best before them, within 2 %. */
export function isWarm(costs: readonly number[]): boolean {
  if (costs.length < leastWarmWindows) return false;
  return Math.min(...costs.slice(-2)) > 0.98 * Math.min(...costs.slice(0, -2));
}

/** The windows to judge by: the undisturbed rounds where at least three are, otherwise all. */
export function selectRounds(servers: readonly (readonly Window[])[]): readonly number[] {
  const rounds = (servers[0] ?? []).map((_, round) => round);
  const quiet = rounds.filter((round) => servers.every((windows) => windows[round] && !isDisturbed(windows[round])));
  return quiet.length >= 3 ? quiet : rounds;
}

/** Medians of the given rounds. */
export function toFigures(windows: readonly Window[], baseline: readonly Window[], rounds: readonly number[]): Figures {
  const chosen = rounds.flatMap((round) => windows[round] ?? []);
  const ratios = rounds.map((round) => {
    return (windows[round]?.cpuMicrosPerRequest ?? Number.NaN) / (baseline[round]?.cpuMicrosPerRequest ?? Number.NaN);
  });
  const medianOf = (read: (window: Window) => number) => median(chosen.map(read));
  return {
    cpuMicrosPerRequest: medianOf((window) => window.cpuMicrosPerRequest),
    requestsPerSecond: medianOf((window) => window.requestsPerSecond),
    p50Ms: medianOf((window) => window.p50Ms),
    p99Ms: medianOf((window) => window.p99Ms),
    rssBytes: medianOf((window) => window.rssBytes),
    ratio: median(ratios),
    ratioRange: [Math.min(...ratios), Math.max(...ratios)],
    windows: windows.length,
    disturbed: windows.filter(isDisturbed).length,
  };
}

/** The middle value; the mean of the two middle ones of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
