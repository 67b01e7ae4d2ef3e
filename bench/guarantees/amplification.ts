import { createClient, toTraceId } from './client.ts';
import type { FaultName } from './faults.ts';
import type { Guarantee } from './guarantee.ts';
import { pause, withStage } from './stage.ts';
import type { Arrival } from './upstream.ts';

const windowMs = 10_000;

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
  'losing-often': { faults: [['ok', 'reset', 'reset', 'reset']], calls: steady },
  flapping: { faults: [['ok'], ['unavailable'], ['ok'], ['reset']], calls: steady },
  limiting: { faults: [['limitedShortly']], calls: steady },
  late: { faults: [['ok'], ['ok'], ['ok'], ['ok'], ['ok'], ['ok'], ['ok'], ['unavailable']], calls: steady },
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
    const names = Object.keys(patterns);
    const routes = names.map((name) => ({ url: `/${name}`, deadline: 1_000, optional: [name] }));
    return withStage({ routes, policies: { breaker: false, timeout: 200 } }, async ({ port, upstream }) => {
      await upstream.ask('record');
      const client = createClient(port);
      const calledAt = new Map<string, number>();
      const play = async (name: string, { faults, calls }: Pattern): Promise<void> => {
        for (let second = 0; second < seconds; second += 1) {
          await upstream.ask('behave', name, faults[second % faults.length] ?? ['ok']);
          const rate = calls[second % calls.length] ?? 0;
          for (let call = 0; call < rate; call += 1) {
            const traceId = toTraceId();
            calledAt.set(traceId, Date.now());
            client.get(`/${name}`, traceId).catch(() => {}); // the upstream is what counts
            await pause(1 / rate);
          }
          if (rate === 0) await pause(1);
        }
      };
      await Promise.all(Object.entries(patterns).map(([name, pattern]) => play(name, pattern)));
      await pause(1.5);
      client.close();

      const windows: Window[] = [];
      for (const name of names) windows.push({ name, ...findWorst(await upstream.ask('arrivals', name), calledAt) });
      const worst = windows.toSorted((a, b) => b.excess - a.excess);
      const over = worst.filter(({ excess }) => excess > 0);
      const shown = over.length > 0 ? over : worst.slice(0, 1);
      return {
        holds: over.length === 0 && windows.every(({ attempts }) => attempts > 0),
        result: `${names.length} patterns, ${seconds} s; worst: ${shown.map(toText).join('; ')}`,
      };
    });
  },
};

/** Ten seconds of one upstream. */
interface Window {
  readonly name: string;
  readonly attempts: number;
  readonly calls: number;
  /** Attempts above the bound. */
  readonly excess: number;
}

const toText = ({ name, attempts, calls }: Window): string => `${name}, ${attempts} attempts for ${calls} calls`;

/**
 * The window, of all that end with an attempt, that is furthest above the bound, or the least below it. Its calls are
 * those that were made by its end and had not arrived before it began: some are still on their way.
 */
function findWorst(arrivals: readonly Arrival[], calledAt: ReadonlyMap<string, number>): Omit<Window, 'name'> {
  const known = new Set<string>();
  const isFirst = arrivals.map(({ traceId }) => known.size < known.add(traceId).size);
  const called = [...known].map((traceId) => calledAt.get(traceId) ?? 0).sort((a, b) => a - b);
  let worst = { attempts: 0, calls: 0, excess: Number.NEGATIVE_INFINITY };
  let [start, arrivedBefore, calledBefore] = [0, 0, 0];
  arrivals.forEach(({ at }, end) => {
    while ((called[calledBefore] ?? Number.POSITIVE_INFINITY) <= at) calledBefore += 1;
    for (; (arrivals[start]?.at ?? at) <= at - windowMs; start += 1) if (isFirst[start]) arrivedBefore += 1;
    const [attempts, calls] = [end + 1 - start, calledBefore - arrivedBefore];
    const excess = attempts - (1.1 * calls + 10);
    if (excess > worst.excess) worst = { attempts, calls, excess };
  });
  return worst;
}
