import type { StandardOptions } from '../../src/policies/standard.ts';
import { median } from '../measure.ts';
import type { FaultName } from './faults.ts';
import { type Guarantee, toMs } from './guarantee.ts';
import { type Stage, withStage } from './stage.ts';

const rounds = 9;
const good = ['a', 'b', 'c', 'd'];
/** What a breaker knows of, seconds: for so long its upstream has been well, or hung, before anything is measured. */
const breakerSeconds = 10;

/** What the endpoint without the bad upstream does meanwhile. */
interface Round {
  readonly p99Ms: number;
  /** Answers a second that it gets through at most. */
  readonly throughput: number;
}

/** The rounds without and with the bad upstream, turn about. */
interface Pairs {
  readonly well: readonly Round[];
  readonly hung: readonly Round[];
}

/**
 * Two endpoints in one process, one uses the upstream that hangs. Promised is what the standard policies do. Where no breaker spares the
 * upstream, every call to it ends with a connection that is closed and another that is opened; what that costs is told beside it.
 */
export const isolation: Guarantee = {
  name: 'isolation',
  promise: 'isolation',
  figure: 'one upstream hung: p99 of endpoints that do not use it moves by at most 10 % or 5 ms, throughput by 5 %',
  usual: { seconds: 6, count: rounds },
  smoke: { seconds: 1, count: 1 },
  async measure({ seconds, count }) {
    const standard = await measurePairs({}, seconds, count, (breakerSeconds * seconds) / 6);
    const bare = await measurePairs({ breaker: false }, seconds, count, 0);
    return {
      holds: isHeld(standard),
      result: `${toText(standard)} (medians of ${count} pairs of windows); not promised, without a breaker ${toText(bare)}`,
    };
  },
};

const measurePairs = (policies: StandardOptions, seconds: number, count: number, leadSeconds: number): Promise<Pairs> =>
  withStage(
    {
      routes: [
        { url: '/good', deadline: 500, required: good },
        { url: '/five', deadline: 500, required: good, optional: ['bad'] },
      ],
      policies,
    },
    async (stage) => {
      await stage.findCapacity(seconds, '/five', 32); // the code of both gets warm
      const capacity = await stage.findCapacity(seconds, '/good', 32);
      const [well, hung]: [Round[], Round[]] = [[], []];
      for (let round = 0; round < count; round += 1) {
        well.push(await measureRound(stage, 'ok', seconds, capacity, leadSeconds));
        hung.push(await measureRound(stage, 'hung', seconds, capacity, leadSeconds));
      }
      return { well, hung };
    },
  );

const toP99 = (list: readonly Round[]): number => median(list.map(({ p99Ms }) => p99Ms));

/** Of windows side by side: the machine's own speed moves by more than this from one minute to the next. */
const toKept = ({ well, hung }: Pairs): number =>
  median(hung.map(({ throughput }, index) => throughput / (well[index]?.throughput ?? Number.NaN)));

const isHeld = (pairs: Pairs): boolean =>
  toP99(pairs.hung) - toP99(pairs.well) <= Math.max(5, 0.1 * toP99(pairs.well)) && toKept(pairs) >= 0.95;

const toText = (pairs: Pairs): string =>
  `p99 ${toMs(toP99(pairs.well))}, then ${toMs(toP99(pairs.hung))}; ` +
  `${median(pairs.well.map(({ throughput }) => throughput)).toFixed(0)} answers/s, of which ${(100 * toKept(pairs)).toFixed(0)} % stay`;

/** First at a third of the load, measured from the scheduled times, then as fast as it goes; the other endpoint beside it. */
async function measureRound(
  stage: Stage,
  bad: FaultName,
  seconds: number,
  capacity: number,
  leadSeconds: number,
): Promise<Round> {
  await stage.upstream.ask('behave', 'bad', [bad]);
  const beside = { path: '/five', rate: 0.1 * capacity };
  if (leadSeconds > 0) await stage.loadOpenly(leadSeconds, [beside]);
  const [figures] = await stage.loadOpenly(seconds / 2, [{ path: '/good', rate: capacity / 3 }, beside]);
  const [throughput] = await Promise.all([
    stage.findCapacity(seconds, '/good', 32),
    stage.loadOpenly(seconds, [beside]),
  ]);
  return { p99Ms: figures?.p99Ms ?? Number.NaN, throughput };
}
