import { type Guarantee, toCount, toMs } from './guarantee.ts';
import type { StreamFigures } from './open-loop.ts';
import { withStage } from './stage.ts';

const sources = ['a', 'b', 'c'];
const connections = 32;
/** What is offered, of the peak, and what has to come out of it. */
const steps = [
  { times: 2, share: 0.9 },
  { times: 10, share: 0.8 },
] as const;
const calmShare = 0.5;
const recoverySeconds = 5;
const shedMs = 10;

/** Far more is asked than can be answered. What is answered with 200 and in time counts, as a share of the most that ever was. */
export const overload: Guarantee = {
  name: 'overload',
  promise: 'overload',
  figure:
    'goodput at 2 times the load that the server can answer at least 90 % of its peak, at 10 times 80 %; shed answers within 10 ms; ' +
    'normal again within 5 s',
  usual: { seconds: 8, count: 0 },
  smoke: { seconds: 1, count: 0 },
  measure: ({ seconds }) =>
    withStage({ routes: [{ url: '/page', deadline: 1_000, required: sources, typed: true }] }, async (stage) => {
      for (const name of sources) await stage.upstream.ask('behave', name, ['large']);
      await stage.findCapacity(seconds, '/page', connections); // the code gets warm
      const peak = await stage.findCapacity(seconds, '/page', connections);
      const calm = { seconds: 1, rate: calmShare * peak };
      const figures = await stage.loadInSteps('/page', [
        { ...calm, seconds },
        ...steps.flatMap(({ times }) => [
          { seconds, rate: times * peak },
          ...Array.from({ length: 2 * recoverySeconds }, () => calm),
        ]),
      ]);
      const [before, ...after] = figures;
      if (!before) throw new Error('each step has figures');
      const parts = steps.map(({ times, share }, index) => {
        const [loaded, ...seen] = after.slice(
          index * (1 + 2 * recoverySeconds),
          (index + 1) * (1 + 2 * recoverySeconds),
        );
        if (!loaded) throw new Error('each step has figures');
        const goodput = (loaded.statuses[200] ?? 0) / seconds / peak;
        const calmAfter = seen.findLastIndex((each) => !isNormal(each, before)) + 1;
        return {
          holds: goodput >= share && loaded.shedP99Ms <= shedMs && calmAfter <= recoverySeconds,
          text:
            `${times} times: ${(goodput * 100).toFixed(0)} % of it, ${toCount(loaded.statuses[503] ?? 0)} shed, each within ` +
            `${toMs(loaded.shedP99Ms)} (p99), ${toCount(loaded.lost)} not taken; normal again after ${calmAfter} s`,
        };
      });
      return {
        holds: parts.every(({ holds }) => holds),
        result: `peak ${peak.toFixed(0)} answers/s; ${parts.map(({ text }) => text).join('; ')}`,
      };
    }),
};

/** As it was before, within what noise does. */
const isNormal = ({ requests, statuses, p99Ms }: StreamFigures, before: StreamFigures): boolean =>
  (statuses[200] ?? 0) >= 0.99 * requests && p99Ms <= Math.max(3 * before.p99Ms, 50);
