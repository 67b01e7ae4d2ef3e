import { median } from '../measure.ts';
import { type Guarantee, toCount, toMs } from './guarantee.ts';
import type { StreamFigures } from './open-loop.ts';
import { findShedTimes, type PoliteFigures } from './polite.ts';
import { type Stage, withStage } from './stage.ts';
import { inCalm, type Stolen, watchStolen } from './stolen.ts';

const path = '/page';
const sources = ['a', 'b', 'c'];
interface Load {
  /** What is offered, of the peak. */
  readonly times: number;
  /** What has to come out of it, of the peak. */
  readonly share: number;
}

const loads: readonly Load[] = [
  { times: 2, share: 0.9 },
  { times: 10, share: 0.8 },
];
const calmShare = 0.5;
const calmSeconds = 1;
const recoverySeconds = 5;
const shedMs = 10;
/** The machine is not always as fast: the median goodput counts, every shed answer, and the slowest recovery. */
const rounds = 5;
/** Windows for the goodput in each round, each between two for the peak: the machine's speed moves within a minute. */
const windowsPerRound = 2;
/** More than the server takes in at once, so that it has to turn some away. */
const connections = 1_500;
const maxInFlight = 1_000;
/** Of more than this, milliseconds, a second says something about the machine's neighbours, and is not judged. */
const mostStolenMs = 10;
/** The connections that find the peak: enough to keep the server busy, and so few that none is turned away while it is slow. */
const peakConnections = 64;

/** What one load got through. */
interface Window {
  /** Answers a second, the mean of before and after. */
  readonly peak: number;
  /** Of the peak. */
  readonly goodput: number;
  /** How often it was measured again because the machine was not calm. */
  readonly again: number;
}

/** What came of one load besides. */
interface Trial {
  readonly loaded: StreamFigures;
  readonly polite: PoliteFigures;
  readonly recovery: Recovery;
  /** How often it was measured again because the machine was not calm. */
  readonly again: number;
}

/** What came after a load. */
interface Recovery {
  /** Until it was normal again. */
  readonly seconds: number;
  /** Seconds that were not normal, but in which the machine had taken a core. */
  readonly stolen: number;
}

/** Far more is asked than can be answered. What is answered with 200 counts, as a share of what the server can. */
export const overload: Guarantee = {
  name: 'overload',
  promise: 'overload',
  figure:
    'goodput at 2 times the load that the server can answer at least 90 % of its peak, at 10 times 80 %; shed answers within 10 ms; ' +
    'normal again within 5 s',
  usual: { seconds: 6, count: rounds },
  smoke: { seconds: 1, count: 1 },
  measure: ({ seconds, count }) =>
    withStage(
      { routes: [{ url: path, deadline: 1_000, required: sources, typed: true }], maxInFlight },
      async (stage) => {
        for (const name of sources) await stage.upstream.ask('behave', name, ['large']);
        await inCalm(() => findPeak(stage, 2 * seconds)); // the code gets warm
        const windows = await measureGoodput(stage, seconds, windowsPerRound * count);
        const trials = loads.map((): Trial[] => []);
        for (let round = 0; round < count; round += 1) {
          for (const [index, { times }] of loads.entries()) {
            const { value, again } = await inCalm(() => tryLoad(stage, times, seconds));
            trials[index]?.push({ ...value, again });
          }
        }
        const sums = loads.map((load, index) => toSum(load, windows[index] ?? [], trials[index] ?? []));
        return { holds: sums.every(isHeld), result: sums.map(toText).join('; ') };
      },
    ),
};

/** Fails where the machine is too slow for so many clients to be answered in time, as it may be while it is not calm. */
const findPeak = (stage: Stage, seconds: number): Promise<number> => stage.findCapacity(seconds, path, peakConnections);

/** One list of windows for each load, taken in turn. */
async function measureGoodput(stage: Stage, seconds: number, count: number): Promise<readonly (readonly Window[])[]> {
  const windows = loads.map((): Window[] => []);
  let { value: before } = await inCalm(() => findPeak(stage, seconds));
  for (let round = 0; round < count; round += 1) {
    for (const [index, { times }] of loads.entries()) {
      const { value, again } = await inCalm(async () => {
        const steps = [
          { seconds: calmSeconds, rate: calmShare * before },
          { seconds: seconds / 2, rate: times * before }, // as long as a peak is counted
        ];
        const [, loaded] = await stage.loadInSteps(path, steps, connections);
        const after = await findPeak(stage, seconds);
        const peak = (before + after) / 2;
        before = after;
        return { peak, goodput: (2 * (loaded?.statuses[200] ?? 0)) / seconds / peak };
      });
      windows[index]?.push({ ...value, again });
    }
  }
  return windows;
}

async function tryLoad(stage: Stage, times: number, seconds: number): Promise<Omit<Trial, 'again'>> {
  const peak = await findPeak(stage, seconds);
  const calm = { seconds: calmSeconds, rate: calmShare * peak };
  const calmSteps = (2 * recoverySeconds) / calmSeconds;
  let polite: Promise<PoliteFigures> = Promise.resolve({ shedTimes: [], stolen: 0 });
  const stolenSince: (() => Stolen)[] = [];
  const stolenMs: number[] = [];
  /** Begins a step after the load, and ends the one before it. */
  const watch = async () => {
    stolenMs.push(...stolenSince.slice(-1).map((stolen) => stolen().mostMs));
    stolenSince.push(watchStolen());
  };
  const [usual, loaded, ...after] = await stage.loadInSteps(
    path,
    [
      { ...calm, seconds },
      {
        seconds,
        rate: times * peak,
        happen: async () => {
          polite = findShedTimes(stage.port, path, seconds);
        },
      },
      ...Array.from({ length: calmSteps }, () => ({ ...calm, happen: watch })),
    ],
    connections,
  );
  await watch();
  if (!usual || !loaded) throw new Error('each step has figures');
  return {
    loaded,
    polite: await polite,
    recovery: toRecovery(
      after.map((each) => isNormal(each, usual)),
      stolenMs,
    ),
  };
}

/** Where a second was not normal, and a core was taken in it or in the one before, whose rest it may be, it is not judged. */
function toRecovery(normal: readonly boolean[], stolenMs: readonly number[]): Recovery {
  const isStolen = (index: number) => Math.max(stolenMs[index] ?? 0, stolenMs[index - 1] ?? 0) > mostStolenMs;
  const seconds = (normal.findLastIndex((isGood, index) => !isGood && !isStolen(index)) + 1) * calmSeconds;
  return { seconds, stolen: normal.filter((isGood, index) => !isGood && index >= seconds / calmSeconds).length };
}

/** As it was before, within what noise does. */
const isNormal = ({ requests, statuses, p99Ms }: StreamFigures, usual: StreamFigures): boolean =>
  (statuses[200] ?? 0) >= 0.99 * requests && p99Ms <= Math.max(3 * usual.p99Ms, 50);

/** What came of one load in all rounds. */
interface Sum extends Load, Window {
  readonly least: number;
  readonly shed: number;
  readonly notTaken: number;
  readonly polite: PoliteFigures;
  readonly recovery: Recovery;
}

const toSum = (load: Load, windows: readonly Window[], trials: readonly Trial[]): Sum => ({
  ...load,
  peak: median(windows.map(({ peak }) => peak)),
  goodput: median(windows.map(({ goodput }) => goodput)),
  least: Math.min(...windows.map(({ goodput }) => goodput)),
  shed: toTotal(trials.map(({ loaded }) => loaded.statuses[503] ?? 0)),
  notTaken: toTotal(trials.map(({ loaded }) => loaded.lost)),
  polite: {
    shedTimes: trials.flatMap(({ polite }) => polite.shedTimes),
    stolen: toTotal(trials.map(({ polite }) => polite.stolen)),
  },
  recovery: {
    seconds: Math.max(...trials.map(({ recovery }) => recovery.seconds)),
    stolen: toTotal(trials.map(({ recovery }) => recovery.stolen)),
  },
  again: toTotal([...windows, ...trials].map(({ again }) => again)),
});

const toTotal = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** So many of them are at most that. */
const toShare = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;

const isHeld = ({ share, goodput, polite, recovery }: Sum): boolean =>
  goodput >= share && toShare(polite.shedTimes, 1) <= shedMs && recovery.seconds <= recoverySeconds;

const toText = ({ times, peak, goodput, least, shed, notTaken, polite, recovery, again }: Sum): string => {
  const within = (share: number) => toMs(toShare(polite.shedTimes, share));
  return (
    `${times} times ${peak.toFixed(0)} answers/s: ${toPercent(goodput)} of them (least ${toPercent(least)}), ` +
    `${toCount(shed)} shed, of ${toCount(polite.shedTimes.length)} who had not come back early half within ${within(0.5)}, ` +
    `95 % within ${within(0.95)}, 99 % within ${within(0.99)}, all within ${within(1)} (not counted: ${toCount(polite.stolen)} while the ` +
    `hypervisor had taken a core); ${toCount(notTaken)} not taken; normal again after ${recovery.seconds} s ` +
    `(not counted: ${toCount(recovery.stolen)} seconds); ${toCount(again)} parts were measured ` +
    'again because it had taken more than 1 %'
  );
};

const toPercent = (share: number): string => `${(share * 100).toFixed(0)} %`;
