import { createClient } from './client.ts';
import { type Guarantee, toCount } from './guarantee.ts';
import { repeat, withStage } from './stage.ts';

const clients = 32;

/** Random bytes, and well formed answers that were mutilated, at random times. The server handles no rejection: one ends it. */
export const randomBytes: Guarantee = {
  name: 'random-bytes',
  promise: 'no peer ends the process',
  figure: 'random-byte upstream for 10 minutes (`--soak 600`): no exit, no unhandled rejection',
  usual: { seconds: 30, count: 0 },
  smoke: { seconds: 2, count: 0 },
  measure: ({ seconds }) =>
    withStage(
      {
        routes: [
          { url: '/required', deadline: 200, required: ['noisy'] },
          { url: '/optional', deadline: 200, required: ['good'], optional: ['noisy', 'noisier'], typed: true },
        ],
        policies: { breaker: false },
      },
      async ({ port, server, upstream }) => {
        await upstream.ask('behave', 'noisy', ['noise']);
        await upstream.ask('behave', 'noisier', ['noise']);
        const client = createClient(port);
        const statuses = new Map<number, number>();
        const until = performance.now() + seconds * 1_000;
        await repeat(clients, clients, async (index) => {
          while (performance.now() < until) {
            const answer = await client.get(index % 2 === 0 ? '/required' : '/optional').catch(() => undefined);
            const status = answer?.status ?? 0;
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            if (status === 0) return; // the server may be gone: the end of this is not worth waiting for
          }
        });
        await upstream.ask('behave', 'noisy', ['ok']);
        const last = await client.get('/required').catch(() => undefined);
        client.close();
        const isAlive = await server.ask('peakRss').then(Boolean, () => false);

        const wrong = [0, 500].reduce((sum, status) => sum + (statuses.get(status) ?? 0), 0);
        const requests = [...statuses.values()].reduce((sum, times) => sum + times, 0);
        const end = isAlive ? 'the process lives' : 'THE PROCESS ENDED';
        return {
          holds: isAlive && wrong === 0 && last?.status === 200,
          result: `${seconds} s, ${toCount(requests)} requests, ${wrong} answered 500 or not at all; ${end}, and the next answer is ${last?.status}`,
        };
      },
    ),
};
