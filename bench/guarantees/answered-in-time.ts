import type { FaultName } from './faults.ts';
import { type Guarantee, toCount, toMs } from './guarantee.ts';
import type { StreamFigures } from './open-loop.ts';
import { withStage } from './stage.ts';

const deadlineMs = 500;
const loadShare = 0.7;
/** Those that find the capacity, and those that the load may use: it waits for no answer, so that late ones need more. */
const connections = 32;
const loadConnections = 1_500;
/** How much the server's capacity may differ before and after: above it something else has taken the core. */
const steadyWithin = 0.15;
/** How often a case is measured until the machine is steady; the last one counts, whatever it was. */
const mostRounds = 2;
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
    let discarded = 0;
    for (const [name, standard] of Object.entries(policies)) {
      for (const trouble of troubles) {
        let round: Round;
        for (let left = mostRounds; ; left -= 1) {
          round = await loadWith(trouble, seconds, standard);
          if (round.isSteady || left === 1) break;
          discarded += 1;
        }
        cases.push({ name: `${trouble}, ${name}`, ...round });
      }
    }
    const sum = (read: (each: Case) => number) => cases.reduce((total, each) => total + read(each), 0);
    const lost = sum((each) => each.lost);
    const shed = sum(({ statuses }) => statuses[503] ?? 0);
    return {
      holds: lost === 0 && cases.every(({ p999Ms, maxMs }) => p999Ms <= deadlineMs + 50 && maxMs <= deadlineMs + 100),
      result:
        `D = ${deadlineMs} ms; ${toCount(sum(({ requests }) => requests))} requests, ${toCount(shed)} of them answered 503, ${lost} ` +
        `without answer; rounds measured again because the machine had changed its speed meanwhile: ${discarded}; p99.9 and most: ` +
        cases.map(({ name, p999Ms, maxMs }) => `${name}: ${toMs(p999Ms)}, ${toMs(maxMs)}`).join('; '),
    };
  },
};

interface Round extends StreamFigures {
  /** The machine was as fast after it as before it; otherwise the load was not what it should be. */
  readonly isSteady: boolean;
}

interface Case extends Round {
  readonly name: string;
}

const loadWith = (trouble: FaultName, seconds: number, standard: { readonly breaker?: false }): Promise<Round> =>
  withStage(
    {
      routes: [
        { url: '/five', deadline: deadlineMs, required: good, optional: ['bad'] },
        { url: '/four', deadline: deadlineMs, required: good },
      ],
      policies: standard,
    },
    async ({ upstream, findCapacity, loadInSteps }) => {
      const capacity = await findCapacity(seconds, '/five', connections);
      const before = await findCapacity(seconds / 2, '/four', connections);
      const rate = loadShare * capacity;
      const [, figures] = await loadInSteps(
        '/five',
        [
          { seconds, rate },
          { seconds, rate, happen: () => upstream.ask('behave', 'bad', [trouble]) },
        ],
        loadConnections,
      );
      const after = await findCapacity(seconds / 2, '/four', connections);
      if (!figures) throw new Error('each step has figures');
      return { ...figures, isSteady: Math.abs(after / before - 1) <= steadyWithin };
    },
  );
