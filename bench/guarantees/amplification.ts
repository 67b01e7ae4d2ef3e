import { createClient, toTraceId } from './client.ts';
import type { FaultName } from './faults.ts';
import type { Guarantee } from './guarantee.ts';
import { pause, withStage } from './stage.ts';
import type { Arrival } from './upstream.ts';

const windowMs = 10_000;
/** Calls this much older than a window may have their first attempt in it: the way from the client to the upstream. */
const wayMs = 100;

/** What an upstream does, second by second, and how many calls it gets in each. */
interface Pattern {
  readonly faults: readonly (readonly FaultName[])[];
  readonly calls: readonly number[];
}

const steady = [60];
const patterns: Readonly<Record<string, Pattern>> = {
  unavailable: { faults: [['unavailable']], calls: steady },
  half: { faults: [['ok', 'unavailable']], calls: steady },
  hung: { faults: [['hung']], calls: steady },
  closing: { faults: [['closed']], calls: steady },
  losing: { faults: [['ok', 'reset']], calls: steady },
  losing_often: { faults: [['ok', 'reset', 'reset', 'reset']], calls: steady },
  flapping: { faults: [['ok'], ['unavailable'], ['ok'], ['reset']], calls: steady },
  limiting: { faults: [['limitedShortly']], calls: steady },
  late: { faults: [...Array(9).fill(['ok']), ['unavailable']], calls: steady },
  bursts: { faults: [['unavailable']], calls: [0, 0, 0, 0, 0, 0, 300, 300, 0, 1] },
  quiet: { faults: [['unavailable', 'closed']], calls: [1] },
};

/** Every upstream fails in a pattern of its own. There is no breaker, which would only take calls away. */
export const amplification: Guarantee = {
  name: 'amplification',
  promise: 'amplification',
  figure: 'attempts ≤ 1.10 n + 10 for each upstream and 10 s, any pattern',
  usual: { seconds: 40, count: 0 },
  smoke: { seconds: 4, count: 0 },
  measure: ({ seconds }) => {
    const names = Object.keys(patterns).map((name) => name.replaceAll('_', '-'));
    const routes = names.map((name) => ({ url: `/${name}`, deadline: 1_000, optional: [name] }));
    return withStage({ routes, policies: { breaker: false, timeout: 200 } }, async ({ port, upstream }) => {
      const client = createClient(port);
      const play = async (name: string, { faults, calls }: Pattern): Promise<readonly number[]> => {
        const calledAt: number[] = [];
        for (let second = 0; second < seconds; second += 1) {
          await upstream.ask('behave', name, faults[second % faults.length] ?? ['ok']);
          const rate = calls[second % calls.length] ?? 0;
          for (let call = 0; call < rate; call += 1) {
            calledAt.push(performance.timeOrigin + performance.now());
            client.get(`/${name}`, toTraceId()).catch(() => {}); // its upstream is what counts
            await pause(1 / rate);
          }
          if (rate === 0) await pause(1);
        }
        return calledAt;
      };
      const played = await Promise.all(Object.values(patterns).map((pattern, index) => play(names[index] ?? '', pattern)));
      await pause(1.5);
      client.close();

      const excesses = await Promise.all(
        names.map(async (name, index) => ({ name, ...findWorst(await upstream.ask('arrivals', name), played[index] ?? []) })),
      );
      const worst = excesses.toSorted((a, b) => b.excess - a.excess);
      const over = worst.filter(({ excess }) => excess > 0);
      const [first] = worst;
      const list = over.length > 0 ? over : worst.slice(0, 1);
      return {
        holds: over.length === 0 && first !== undefined && first.attempts > 0,
        result: `${names.length} patterns, ${seconds} s; worst: ${list
          .map(({ name, attempts, calls }) => `${name} ${attempts} attempts for ${calls} calls`)
          .join('; ')}`,
      };
    });
  },
};

/** The window, of all that end with an attempt, that is furthest above the bound (or the least below it). */
function findWorst(arrivals: readonly Arrival[], calledAt: readonly number[]) {
  let worst = { excess: Number.NEGATIVE_INFINITY, attempts: 0, calls: 0 };
  let firstAttempt = 0;
  let [firstCall, endCall] = [0, 0];
  arrivals.forEach(({ at }, index) => {
    while ((arrivals[firstAttempt]?.at ?? at) < at - windowMs) firstAttempt += 1;
    while ((calledAt[firstCall] ?? at) < at - windowMs - wayMs) firstCall += 1;
    while ((calledAt[endCall] ?? Number.POSITIVE_INFINITY) <= at) endCall += 1;
    const [attempts, calls] = [index + 1 - firstAttempt, endCall - firstCall];
    const excess = attempts - (1.1 * calls + 10);
    if (excess > worst.excess) worst = { excess, attempts, calls };
  });
  return worst;
}
