import { createClient } from './client.ts';
import type { FaultName } from './faults.ts';
import { type Guarantee, toCount } from './guarantee.ts';
import { repeat, withStage } from './stage.ts';

const clients = 1_000;
const mostBytes = 2 ** 30;

/** What each source answers. The last keeps the answers of all others waiting until the deadline. */
const adversaries: Readonly<Record<string, readonly FaultName[]>> = {
  lists: ['manyLists'],
  morelists: ['manyLists'],
  text: ['longText'],
  bombs: ['bomb', 'deep', 'manyLists'],
  hung: ['hung'],
};

/** A thousand clients, each of which asks again as soon as it is answered. Answers are parsed; no breaker helps. */
export const memory: Guarantee = {
  name: 'memory',
  promise: 'memory',
  figure: '1,000 requests in flight against adversarial JSON and gzip bombs: resident memory under 1 GiB',
  usual: { seconds: 30, count: 0 },
  smoke: { seconds: 4, count: 0 },
  measure: ({ seconds }) =>
    withStage(
      {
        routes: [{ url: '/all', deadline: 2_000, optional: Object.keys(adversaries), typed: true }],
        policies: { breaker: false },
      },
      async ({ port, server, upstream }) => {
        for (const [name, choice] of Object.entries(adversaries)) await upstream.ask('behave', name, choice);
        const idle = await server.ask('peakRss');
        const client = createClient(port);
        const until = performance.now() + seconds * 1_000;
        let answers = 0;
        let good = 0;
        await repeat(clients, clients, async () => {
          while (performance.now() < until) {
            const answer = await client.get('/all').catch(() => undefined);
            answers += 1;
            if (answer?.body.includes('"status":"ok"')) good += 1;
          }
        });
        client.close();
        const peak = await server.ask('peakRss');
        const toMebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
        return {
          holds: peak < mostBytes,
          result: `${toMebibytes(peak)} at most (${toMebibytes(idle)} before); ${toCount(answers)} answers in ${seconds} s, ${toCount(good)} with parsed data`,
        };
      },
    ),
};
