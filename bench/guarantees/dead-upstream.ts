import { createClient } from './client.ts';
import type { FaultName } from './faults.ts';
import type { Guarantee } from './guarantee.ts';
import { pause, withStage } from './stage.ts';

const deaths: readonly FaultName[] = ['error', 'reset', 'hung'];
const mostProbes = 3;
const pauseSeconds = 0.01;
/** What was on its way when the breaker opened still arrives. */
const wayMs = 100;

/** Upstreams that are dead in different ways, and clients that do not stop asking: what arrives between two openings. */
export const deadUpstream: Guarantee = {
  name: 'dead-upstream',
  promise: 'dead upstream',
  figure: 'at most 3 calls an open interval',
  usual: { seconds: 45, count: 0 },
  smoke: { seconds: 8, count: 0 },
  measure: ({ seconds }) =>
    withStage(
      { routes: deaths.map((name) => ({ url: `/${name}`, deadline: 300, optional: [name] })) },
      async ({ port, server, upstream }) => {
        await upstream.ask('record');
        for (const name of deaths) await upstream.ask('behave', name, [name]);
        const client = createClient(port);
        const until = performance.now() + seconds * 1_000;
        let calls = 0;
        while (performance.now() < until) {
          for (const name of deaths) client.get(`/${name}`).catch(() => {}); // the upstream counts
          calls += 1;
          await pause(pauseSeconds);
        }
        client.close();

        const events = await server.ask('breakerEvents');
        const intervals = await Promise.all(
          deaths.map(async (name) => {
            const openings = events.filter(({ type, upstream }) => type === 'breaker_opened' && upstream === name);
            const arrivals = await upstream.ask('arrivals', name);
            return openings.slice(1).map(({ time }, index) => {
              const openedAt = openings[index]?.time ?? 0;
              return arrivals.filter(({ at }) => at > openedAt + wayMs && at <= time + wayMs).length;
            });
          }),
        );
        const all = intervals.flat();
        const [least, most] = [Math.min(...all), Math.max(...all)];
        return {
          // An interval ends with a probe: one without would only show that the counting is wrong.
          holds: intervals.every((list) => list.length > 0) && least >= 1 && most <= mostProbes,
          result: `${deaths.length} upstreams, ${calls} calls each; ${all.length} intervals, ${least} to ${most} calls in each`,
        };
      },
    ),
};
