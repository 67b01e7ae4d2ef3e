import { median } from '../measure.ts';
import type { FaultName } from './faults.ts';
import { type Guarantee, toMs } from './guarantee.ts';
import { type Stage, withStage } from './stage.ts';

const rounds = 7;
const good = ['a', 'b', 'c', 'd'];

/** What the endpoint without the bad upstream does meanwhile. */
interface Round {
  readonly p99Ms: number;
  /** Answers a second that it gets through at most. */
  readonly throughput: number;
}

/** Two endpoints, one uses the upstream that hangs. Turn about with and without it, in one process; no breaker helps. */
export const isolation: Guarantee = {
  name: 'isolation',
  promise: 'isolation',
  figure: 'one upstream hung: p99 of endpoints that do not use it moves by at most 10 % or 5 ms, throughput by 5 %',
  usual: { seconds: 6, count: 0 },
  smoke: { seconds: 1, count: 0 },
  measure: ({ seconds }) =>
    withStage(
      {
        routes: [
          { url: '/good', deadline: 500, required: good },
          { url: '/five', deadline: 500, required: good, optional: ['bad'] },
        ],
        policies: { breaker: false },
      },
      async (stage) => {
        await stage.findCapacity(seconds, '/five', 32); // the code of both gets warm
        const capacity = await stage.findCapacity(seconds, '/good', 32);
        const [well, hung]: [Round[], Round[]] = [[], []];
        for (let round = 0; round < rounds; round += 1) {
          well.push(await measureRound(stage, 'ok', seconds, capacity));
          hung.push(await measureRound(stage, 'hung', seconds, capacity));
        }
        const middle = (list: readonly Round[], read: (round: Round) => number) => median(list.map(read));
        const [p99Well, p99Hung] = [middle(well, readP99), middle(hung, readP99)];
        // Of windows side by side: the machine's own speed moves by more than this from one minute to the next.
        const kept = median(hung.map(({ throughput }, index) => throughput / (well[index]?.throughput ?? Number.NaN)));
        return {
          holds: p99Hung - p99Well <= Math.max(5, 0.1 * p99Well) && kept >= 0.95,
          result:
            `p99 ${toMs(p99Well)}, then ${toMs(p99Hung)}; ${middle(well, readThroughput).toFixed(0)} answers/s, of which ` +
            `${(100 * kept).toFixed(0)} % stay (medians of ${rounds} rounds)`,
        };
      },
    ),
};

const readP99 = ({ p99Ms }: Round): number => p99Ms;
const readThroughput = ({ throughput }: Round): number => throughput;

/** First at a third of the load, measured from the scheduled times, then as fast as it goes; the other endpoint beside it. */
async function measureRound(stage: Stage, bad: FaultName, seconds: number, capacity: number): Promise<Round> {
  await stage.upstream.ask('behave', 'bad', [bad]);
  const beside = { path: '/five', rate: 0.1 * capacity };
  const [figures] = await stage.loadOpenly(seconds / 2, [{ path: '/good', rate: capacity / 3 }, beside]);
  const [throughput] = await Promise.all([
    stage.findCapacity(seconds / 2, '/good', 32),
    stage.loadOpenly(seconds / 2, [beside]),
  ]);
  return { p99Ms: figures?.p99Ms ?? Number.NaN, throughput };
}
