import { createClient } from './client.ts';
import { anything } from './faults.ts';
import { type Guarantee, toCount } from './guarantee.ts';
import { answerInProcess } from './in-process.ts';
import { repeat, withStage } from './stage.ts';

const allowed: ReadonlySet<number> = new Set([200, 404, 502, 503, 504]);
/** One request in so many goes over sockets. */
const socketsEvery = 20;
const clients = 48;

/** A required source fails in every way there is. In process for most, over sockets for one in twenty. */
export const no500: Guarantee = {
  name: 'no-500',
  promise: 'a required failure is 502, 503, 504 or 404',
  figure: 'no 500 in 1,000,000 faulted requests, 50,000 of them over sockets',
  usual: { seconds: 0, count: 1_000_000 },
  smoke: { seconds: 0, count: 10_000 },
  async measure({ count }) {
    const overSockets = Math.ceil(count / socketsEvery);
    const statuses = new Map<number, number>();
    const add = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
    await answerInProcess(count - overSockets, add);
    await askOverSockets(overSockets, add);

    const others = [...statuses].filter(([status]) => !allowed.has(status));
    const faulted = [...statuses].filter(([status]) => status !== 200).reduce((sum, [, times]) => sum + times, 0);
    const table = [...statuses].toSorted(([a], [b]) => a - b).map(([status, times]) => `${toCount(times)} × ${status}`);
    return {
      holds: others.length === 0,
      result: `${toCount(count)} requests, ${toCount(overSockets)} over sockets, ${toCount(faulted)} failed: ${table.join(', ')}`,
    };
  },
};

/** A connection that is lost counts as status 0. */
const askOverSockets = (times: number, add: (status: number) => void) =>
  withStage(
    { routes: [{ url: '/one', deadline: 250, required: ['bad'] }], policies: { breaker: false, timeout: 100 } },
    async ({ port, upstream }) => {
      // What answers is no fault.
      const faults = anything.filter((fault) => fault !== 'ok' && fault !== 'slow');
      // Those that take time are a few among many.
      const quick = faults.filter((fault) => fault !== 'hung' && fault !== 'dripping');
      await upstream.ask('behave', 'bad', [...faults, ...quick, ...quick, ...quick]);
      const client = createClient(port);
      await repeat(times, clients, async () => {
        const answer = await client.get('/one').catch(() => undefined);
        add(answer?.status ?? 0);
      });
      client.close();
    },
  );
