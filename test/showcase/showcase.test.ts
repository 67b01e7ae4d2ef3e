/**
 * The engine on one page, from top to bottom: describe upstreams, compose a route, bind both once, run it per request.
 * Time is fake and the upstreams are a script, so what happens here happens the same way every time.
 */
import { beforeEach, expect, test, vi } from 'vitest';
import { createBinding } from '../../src/engine/bind.ts';
import { compileEnvelope, toServerTiming } from '../../src/engine/envelope.ts';
import { execute } from '../../src/engine/execute.ts';
import { compilePlan } from '../../src/engine/plan.ts';
import { createScope } from '../../src/engine/scope.ts';
import { defineRoute, defineUpstream, type Policy, path, Type } from '../../src/index.ts';
import { facts } from '../support/fan-out.ts';
import { answer, createFakeUpstreams, failure, type Script, silence } from '../support/transport.ts';

// A policy wraps a call in one behaviour. It sees outcomes, never exceptions. The real ones are in src/policies.
const twice: Policy = (next) => async (input, context) => {
  const outcome = await next(input, context);
  return outcome.status === 'ok' ? outcome : next(input, context);
};

// Providers: what can be asked of an upstream, what that needs, what comes back. Nothing is opened here.
const shop = defineUpstream({ name: 'shop', origin: 'https://shop.example.com' });
const getProduct = shop.provider({
  name: 'product',
  output: Type.Object({ title: Type.String(), sellerId: Type.String() }),
  request: ({ id }: { id: string }) => ({ path: path`/products/${id}` }),
});
const listReviews = shop.provider({
  name: 'reviews',
  output: Type.Array(Type.Object({ stars: Type.Number() })),
  request: ({ id }: { id: string }) => ({ path: path`/products/${id}/reviews` }),
  policies: [twice],
});
const getSeller = shop.provider({
  name: 'seller',
  output: Type.Object({ name: Type.String() }),
  request: ({ id }: { id: string }) => ({ path: path`/sellers/${id}` }),
});

// A route: which providers it uses, for what input, and what it makes of the answers. All of it is typed.
const params = Type.Object({ id: Type.String() });
const route = defineRoute({ url: '/v1/products/:id', summary: 'A product page', params, deadline: 800 });
const product = route.source(getProduct, { input: ({ params }) => params });
const reviews = route.source(listReviews, { input: ({ params }) => params, optional: true });
const seller = route.source(getSeller, {
  needs: { product },
  input: (_request, { product }) => ({ id: product.sellerId }),
  optional: true,
});
const Page = Type.Object({
  title: Type.String(),
  soldBy: Type.Union([Type.String(), Type.Null()]),
  stars: Type.Array(Type.Number()),
});
const page = route.merge({ product, reviews, seller }, Page, (answers) => ({
  title: answers.product.title,
  soldBy: answers.seller?.name ?? null, // optional, so it may be null, and the compiler says so
  stars: answers.reviews?.map((review) => review.stars) ?? [],
}));

/** Start-up: definitions are bound to transports, once. Then one request: the plan runs, the envelope is written. */
async function get(script: Script) {
  const { connect } = createFakeUpstreams(script);
  const binding = createBinding({ connect, standard: { provider: [], upstream: [] }, emit: () => {} });
  const plan = compilePlan(page, binding);
  const envelope = compileEnvelope(plan);

  const request = { params: { id: '7' }, query: {}, headers: {}, body: undefined };
  const options = { scope: createScope(), deadlineMs: plan.deadlineMs, request: facts, strict: false };
  const ended = execute(plan, request, options);
  await vi.runAllTimersAsync();
  const execution = await ended;
  const written = envelope.write(execution, request);
  return { execution, text: 'text' in written ? written.text.toString() : undefined };
}

const script = {
  '/products/7': answer('{"title":"Chair","sellerId":"s1"}', 40),
  '/products/7/reviews': answer('[{"stars":5}]', 70),
  '/sellers/s1': answer('{"name":"Ann"}', 50),
};

beforeEach(() => {
  vi.useFakeTimers();
});

test('answers flow together: every source starts as soon as what it needs is there', async () => {
  const { execution, text } = await get(script);

  expect(performance.now()).toBe(90); // product and seller one after the other, reviews beside them
  expect(text).toBe(
    '{"data":{"title":"Chair","soldBy":"Ann","stars":[5]},"complete":true,"sources":{' +
      '"product":{"status":"ok","durationMs":40,"attempts":1},' +
      '"reviews":{"status":"ok","durationMs":70,"attempts":1},' +
      '"seller":{"status":"ok","durationMs":50,"attempts":1}}}',
  );
  expect(toServerTiming(execution.reports)).toContain('seller;dur=50;desc="ok"');
});

test('policies change how a call goes, not what it is', async () => {
  const { text } = await get({ ...script, '/products/7/reviews': [failure('unreachable', 5), answer('[]', 5)] });

  expect(text).toContain('"reviews":{"status":"ok","durationMs":10,"attempts":2}');
});

test('an optional source that fails leaves a partial answer, which says what is missing and why', async () => {
  const { text } = await get({ ...script, '/products/7/reviews': failure('upstream_error') });

  expect(text).toContain('{"data":{"title":"Chair","soldBy":"Ann","stars":[]},"complete":false,');
  expect(text).toContain('"reviews":{"status":"failed","code":"upstream_error",');
});

test('the deadline holds, whatever an upstream does', async () => {
  const { text } = await get({ ...script, '/sellers/s1': silence });

  expect(performance.now()).toBe(800);
  expect(text).toContain('"seller":{"status":"failed","code":"timeout","message":"no answer within 800 ms",');
});

test('a required source that fails ends everything at once: there is no payload, and the server sends a problem', async () => {
  const { execution } = await get({ ...script, '/products/7': failure('not_found', 20) });

  expect(performance.now()).toBe(20);
  expect(execution.failed?.name).toBe('product');
  expect(execution.reports.map(({ name, outcome }) => [name, outcome.status])).toEqual([
    ['product', 'failed'],
    ['reviews', 'failed'], // cancelled: no longer needed
    ['seller', 'skipped'], // it needs the product
  ]);
});
