import { expect, test } from 'vitest';
import { defineRoute, defineUpstream, path, Type } from '../../src/index.ts';
import { bulkhead } from '../../src/policies/bulkhead.ts';
import { ask, createAsk, hang, json, plain, serve, startUpstream } from './setup.ts';

test('a required source that is refused here has nothing sent to its siblings, and none of their connections lost', async () => {
  const healthy = await startUpstream({ '/before': json(1), '/after': json(2) });
  const busy = await startUpstream(hang);
  const sibling = createAsk(healthy.origin);
  const upstream = defineUpstream({ name: 'busy', origin: busy.origin, policies: [bulkhead({ limit: 1, queue: 0 })] });
  const one = upstream.provider({
    name: 'one',
    output: Type.Unknown(),
    policies: [],
    request: () => ({ path: path`/` }),
  });
  const route = defineRoute({ url: '/v1/page', summary: 'A page', deadline: 5_000 });
  const { origin } = await serve({
    routes: [
      route.merge({
        before: route.source(sibling('before'), plain),
        one: route.source(one, plain),
        after: route.source(sibling('after'), plain),
      }),
    ],
  });
  const leaving = new AbortController();
  const first = ask(`${origin}/v1/page`, { signal: leaving.signal }).catch(() => {}); // takes the only place
  await busy.arrived(1);
  await healthy.arrived(2);
  const connections = await healthy.open();

  const refused = await ask(`${origin}/v1/page`);

  expect(refused.status).toBe(503);
  expect(refused.json()).toMatchObject({
    sources: {
      before: { code: 'cancelled', attempts: 0 },
      one: { code: 'saturated', attempts: 0 },
      after: { code: 'cancelled', attempts: 0 },
    },
  });
  expect(healthy.seen).toHaveLength(2);
  expect(await healthy.open()).toBe(connections);
  leaving.abort();
  await first;
});
