import { createClient } from './client.ts';
import type { FaultName } from './faults.ts';
import { type Guarantee, toCount } from './guarantee.ts';
import { repeat, withStage } from './stage.ts';

const mostBytes = 2 ** 30;
/** Just below what an upstream gets at once, so that nothing is refused. */
const clientsEach = 63;

/** What an upstream answers, each with a route of its own: sixteen of them, for 1,008 requests in flight. */
const adversaries: readonly FaultName[] = [
  ...Array<FaultName>(4).fill('manyLists'),
  ...Array<FaultName>(2).fill('manyShapes'),
  ...Array<FaultName>(3).fill('longText'),
  ...Array<FaultName>(2).fill('stuck'),
  ...Array<FaultName>(3).fill('bomb'),
  'deep',
  'crumbs',
];

/**
 * A thousand clients, each of which asks again as soon as it is answered. Answers are parsed, and beside each of them is
 * a source that hangs: what was parsed has to wait for the deadline. No breaker helps.
 */
export const memory: Guarantee = {
  name: 'memory',
  promise: 'memory',
  figure: '1,000 requests in flight against adversarial JSON and gzip bombs: resident memory under 1 GiB',
  usual: { seconds: 30, count: 0 },
  smoke: { seconds: 4, count: 0 },
  measure: ({ seconds }) => {
    const routes = adversaries.map((_fault, index) => ({
      url: `/${index}`,
      deadline: 2_000,
      optional: [`adversary-${index}`, `hung-${index}`],
      typed: true,
    }));
    return withStage({ routes, policies: { breaker: false } }, async ({ port, server, upstream }) => {
      for (const [index, fault] of adversaries.entries()) {
        await upstream.ask('behave', `adversary-${index}`, [fault]);
        await upstream.ask('behave', `hung-${index}`, ['hung']);
      }
      const idle = await server.ask('peakRss');
      const client = createClient(port);
      const clients = clientsEach * routes.length;
      const until = performance.now() + seconds * 1_000;
      const endings = new Map<string, number>();
      await repeat(clients, clients, async (index) => {
        while (performance.now() < until) {
          const answer = await client.get(`/${index % routes.length}`).catch(() => undefined);
          const ending = toEnding(answer?.body.toString() ?? '');
          endings.set(ending, (endings.get(ending) ?? 0) + 1);
        }
      });
      client.close();
      const peak = await server.ask('peakRss');
      const list = [...endings].map(([ending, times]) => `${toCount(times)} ${ending}`).join(', ');
      return {
        holds: peak < mostBytes,
        result: `${toCount(clients)} in flight for ${seconds} s: ${toMebibytes(peak)} at most (${toMebibytes(idle)} before); ${list}`,
      };
    });
  },
};

/** How the adversary's source ended. */
const toEnding = (body: string): string =>
  /"adversary-\d+":\{"status":"(?:failed","code":")?(\w+)/.exec(body)?.[1] ?? 'without an answer';

const toMebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
