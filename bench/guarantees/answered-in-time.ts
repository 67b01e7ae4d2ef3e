import type { FaultName } from './faults.ts';
import { type Guarantee, toCount, toMs } from './guarantee.ts';
import type { StreamFigures } from './open-loop.ts';
import { withStage } from './stage.ts';

const deadlineMs = 500;
const loadShare = 0.7;
const good = ['a', 'b', 'c', 'd'];
const troubles: readonly FaultName[] = ['hung', 'dripping', 'flooding'];
/** Without a breaker every request meets the bad source; with it, only few do. */
const policies = { 'standard policies': {}, 'no breaker': { breaker: false } } as const;

/** Four sources answer at once, one never or only with noise. The load is 70 % of what the server manages when all is well. */
export const answeredInTime: Guarantee = {
  name: 'answered-in-time',
  promise: 'answered in time',
  figure: 'D + 50 ms at p99.9 and D + 100 ms at most, at 70 % load, one of five sources hung, dripping or flooding 1xx',
  usual: { seconds: 10, count: 0 },
  smoke: { seconds: 1, count: 0 },
  async measure({ seconds }) {
    const cases: Case[] = [];
    for (const [name, standard] of Object.entries(policies)) {
      for (const trouble of troubles) {
        const [figures] = await loadWith(trouble, seconds, standard);
        if (figures) cases.push({ name: `${trouble}, ${name}`, ...figures });
      }
    }
    const sum = (read: (each: Case) => number) => cases.reduce((total, each) => total + read(each), 0);
    const lost = sum((each) => each.lost);
    return {
      holds: lost === 0 && cases.every(({ p999Ms, maxMs }) => p999Ms <= deadlineMs + 50 && maxMs <= deadlineMs + 100),
      result:
        `D = ${deadlineMs} ms; ${toCount(sum(({ requests }) => requests))} requests, ${lost} without answer; p99.9 and most: ` +
        cases.map(({ name, p999Ms, maxMs }) => `${name}: ${toMs(p999Ms)}, ${toMs(maxMs)}`).join('; '),
    };
  },
};

interface Case extends StreamFigures {
  readonly name: string;
}

const loadWith = (trouble: FaultName, seconds: number, standard: { readonly breaker?: false }) =>
  withStage(
    {
      routes: [{ url: '/five', deadline: deadlineMs, required: good, optional: ['bad'] }],
      policies: standard,
    },
    async ({ upstream, findCapacity, loadOpenly }) => {
      const capacity = await findCapacity(seconds / 2, '/five', 32);
      await upstream.ask('behave', 'bad', [trouble]);
      return loadOpenly(seconds, [{ path: '/five', rate: loadShare * capacity }]);
    },
  );
