/** What the compiler works out by itself, so that nobody has to write it down. */
import { expectTypeOf, test } from 'vitest';
import { defineRoute, defineUpstream, type Provider, path, pick, type Route, Type } from '../../src/index.ts';

type Seller = { name: string };
type Product = { title: string; sellerId: string };

const shop = defineUpstream({ name: 'shop', origin: 'https://shop.example.com' });
const getSeller = shop.provider({
  name: 'seller',
  output: Type.Object({ name: Type.String() }),
  request: ({ id }: { id: string }) => ({ path: path`/sellers/${id}` }),
});
const getProduct = shop.provider({
  name: 'product',
  output: Type.Object({ title: Type.String(), sellerId: Type.String() }),
  run: async ({ id }: { id: string }, { signal }) => ({ title: id, sellerId: String(signal.aborted) }),
});
const input = () => ({ id: '1' });
const draft = () => defineRoute({ url: '/v1/products/:id', summary: 'One product' });

test('a provider’s input and answer', () => {
  expectTypeOf(getSeller).toEqualTypeOf<Provider<{ id: string }, Seller>>();
  expectTypeOf(getProduct).toEqualTypeOf<Provider<{ id: string }, Product>>();
});

test('the request, from the route’s schemas; what is not declared has no fields', () => {
  const route = defineRoute({
    method: 'POST',
    url: '/v1/search/:id',
    summary: 'Search',
    params: Type.Object({ id: Type.String() }),
    query: Type.Object({ limit: Type.Optional(Type.Integer()) }),
    body: Type.Array(Type.String()),
  });
  route.source(getSeller, {
    input: ({ params, query, headers, body }) => {
      expectTypeOf(params).toEqualTypeOf<{ id: string }>();
      expectTypeOf(query).toEqualTypeOf<{ limit?: number }>();
      expectTypeOf(headers).toEqualTypeOf<Record<never, never>>();
      expectTypeOf(body).toEqualTypeOf<string[]>();
      return { id: params.id };
    },
  });
});

test('what a dependent sees: the answer, never null, for it only runs when there is one', () => {
  const route = draft();
  const product = route.source(getProduct, { input });
  const seller = route.source(getSeller, { input, optional: true });
  const conditional = route.source(getSeller, { input, when: () => true });
  route.source(getSeller, {
    needs: { product, seller, conditional },
    input: (_request, answers) => {
      expectTypeOf(answers).toEqualTypeOf<{
        readonly product: Product;
        readonly seller: Seller;
        readonly conditional: Seller;
      }>();
      return { id: answers.product.sellerId };
    },
    optional: true,
  });
});

test('what a merge sees: null where a source may stay without an answer', () => {
  const route = draft();
  const required = route.source(getSeller, { input });
  const optional = route.source(getSeller, { input, optional: true });
  const withFallback = route.source(getSeller, { input, optional: true, fallback: { name: 'nobody' } });
  const conditional = route.source(getSeller, { input, when: () => true });
  const dependent = route.source(getSeller, { input, needs: { required } });
  const afterConditional = route.source(getSeller, { input, needs: { conditional } });
  const afterOptional = route.source(getSeller, { input, needs: { optional }, optional: true, fallback: { name: '' } });
  const merged = route.merge(
    { required, optional, withFallback, conditional, dependent, afterConditional, afterOptional },
    Type.Null(),
    (answers) => {
      expectTypeOf(answers.required).toEqualTypeOf<Seller>();
      expectTypeOf(answers.optional).toEqualTypeOf<Seller | null>();
      expectTypeOf(answers.withFallback).toEqualTypeOf<Seller>();
      expectTypeOf(answers.conditional).toEqualTypeOf<Seller | null>();
      expectTypeOf(answers.dependent).toEqualTypeOf<Seller>();
      expectTypeOf(answers.afterConditional).toEqualTypeOf<Seller | null>();
      expectTypeOf(answers.afterOptional).toEqualTypeOf<Seller | null>();
      return null;
    },
  );
  expectTypeOf(merged).toEqualTypeOf<Route>();
});

test('where a template’s paths lead: through what may be missing or null, up to a list, and from its items on', () => {
  const Seat = Type.Object({ price: Type.Union([Type.Object({ amount: Type.Number() }), Type.Null()]) });
  const Offer = Type.Object({
    name: Type.String(),
    best: Type.Optional(Seat),
    rows: Type.Array(Type.Object({ seats: Type.Union([Type.Array(Seat), Type.Null()]) })),
    rates: Type.Record(Type.String(), Type.Number()),
    any: Type.Unknown(),
  });
  const provide = shop.provider({ name: 'offer', output: Offer, request: () => ({ path: path`/offer` }) });
  const route = defineRoute({ url: '/v1/offer', summary: 'An offer' });
  const offer = route.source(provide, { input: () => null });
  const other = route.source(provide, { input: () => null, optional: true });
  const merged = route.merge(
    { offer, other },
    {
      name: 'offer.name',
      cost: 'offer.best.price.amount',
      seats: pick('offer.rows', { seats: pick('seats', { cost: 'price.amount' }) }),
      rates: 'offer.rates',
      any: 'offer.any',
      other: pick('other', { of: 'name', best: pick('best', { price: 'price' }) }),
    },
  );
  expectTypeOf(merged).toEqualTypeOf<Route>();
});
