import { expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { defineRoute, type Policy } from '../../src/index.ts';
import { createAsk, plain } from './setup.ts';

const counting: Policy = (next, { share }) => {
  share(counting, () => ({ snapshot: () => ({ counted: 3 }) }));
  return next;
};

async function build() {
  const route = defineRoute({ url: '/v1/page', summary: 'A page' });
  const a = route.source(createAsk('http://127.0.0.1:9')('a'), plain);
  return buildApp({ routes: [route.merge({ a })] });
}

test('livez says that the process answers, even while it drains', async () => {
  const { server, readiness } = await build();
  readiness.isDraining = true;
  const answer = await server.inject('/livez');
  expect(answer).toMatchObject({ statusCode: 200, headers: { 'cache-control': 'no-store' } });
  expect(answer.json()).toEqual({ status: 'ok' });
});

test('readyz says whether it takes work', async () => {
  const { server, readiness } = await build();
  const ready = await server.inject('/readyz');
  readiness.isDraining = true;
  const draining = await server.inject('/readyz');

  expect(ready).toMatchObject({ statusCode: 200, headers: { 'cache-control': 'no-store' } });
  expect(ready.json()).toEqual({ status: 'ready' });
  expect(draining).toMatchObject({ statusCode: 503, headers: { 'cache-control': 'no-store' } });
  expect(draining.json()).toEqual({ status: 'draining' });
});

test('readyz?verbose shows the state of every upstream', async () => {
  const route = defineRoute({ url: '/v1/page', summary: 'A page' });
  const ask = createAsk('http://127.0.0.1:9')('a');
  const a = route.source({ ...ask, policies: [counting] }, plain);
  const { server } = await buildApp({ routes: [route.merge({ a })] });
  expect((await server.inject('/readyz?verbose')).json()).toEqual({
    status: 'ready',
    upstreams: { shop: { counted: 3 } },
  });
});
