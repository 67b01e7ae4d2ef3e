/**
 * What must not compile. The text after each directive is part of what the compiler says, so that a line cannot be
 * refused for another reason; `reasons.test.ts` compares the two.
 */
/* oxlint-disable vitest/expect-expect -- the directives are the assertions */
/* oxlint-disable no-unused-expressions, typescript/no-unsafe-assignment, typescript/no-unsafe-member-access */
import { test } from 'vitest';
import { defineRoute, defineUpstream, path, pick, Type } from '../../src/index.ts';

const Product = Type.Object({ title: Type.String(), sellerId: Type.String() });
const Seller = Type.Object({ name: Type.String() });
const Page = Type.Object({ title: Type.String(), soldBy: Type.Union([Type.String(), Type.Null()]) });

const shop = defineUpstream({ name: 'shop', origin: 'https://shop.example.com' });
const byId = ({ id }: { id: string }) => ({ path: path`/${id}` });
const getProduct = shop.provider({ name: 'product', output: Product, request: byId });
const getSeller = shop.provider({ name: 'seller', output: Seller, request: byId });

const Listing = Type.Object({ items: Type.Array(Seller), byName: Type.Record(Type.String(), Seller) });
const getListing = shop.provider({ name: 'list', output: Listing, request: byId });

const params = Type.Object({ id: Type.String() });
const route = defineRoute({ url: '/v1/products/:id', summary: 'One product', params });
const other = defineRoute({ url: '/v1/sellers/:id', summary: 'One seller', params });
const product = route.source(getProduct, { input: ({ params }) => ({ id: params.id }) });
const seller = route.source(getSeller, {
  needs: { product },
  input: (_request, { product }) => ({ id: product.sellerId }),
  optional: true,
});
const list = route.source(getListing, { input: () => ({ id: '1' }) });
const conditional = route.source(getSeller, { input: () => ({ id: '1' }), when: ({ params }) => params.id !== '0' });

test('an input of the wrong type', () => {
  // @ts-expect-error Type 'number' is not assignable to type 'string'
  route.source(getProduct, { input: () => ({ id: 7 }) });
});

test('an input that misses a field', () => {
  // @ts-expect-error Property 'id' is missing in type '{ name: string; }' but required in type '{ id: string; }'
  route.source(getProduct, { input: () => ({ name: 'chair' }) });
});

test('no input', () => {
  // @ts-expect-error Property 'input' is missing in type '{}'
  route.source(getProduct, {});
});

test('a parameter that the URL schema lacks', () => {
  // @ts-expect-error Property 'sku' does not exist on type '{ id: string; }'
  route.source(getProduct, { input: ({ params }) => ({ id: params.sku }) });
});

test('a query that is not declared', () => {
  // @ts-expect-error Property 'q' does not exist on type 'NoFields'
  route.source(getProduct, { input: ({ query }) => ({ id: query.q }) });
});

test('a field that the needed answer lacks', () => {
  // @ts-expect-error Property 'owner' does not exist on type '{ title: string; sellerId: string; }'
  route.source(getSeller, { needs: { product }, input: (_request, { product }) => ({ id: product.owner }) });
});

test('an answer that is not in needs', () => {
  // @ts-expect-error Property 'product' does not exist on type 'Values<{ seller:
  route.source(getSeller, { needs: { seller }, input: (_request, { product }) => ({ id: product.title }) });
  // @ts-expect-error Property 'product' does not exist on type 'Values<Record<never, never>>'
  route.source(getSeller, { input: (_request, { product }) => ({ id: product.title }) });
});

test('an answer that is not merged', () => {
  // @ts-expect-error Property 'seller' does not exist on type 'Answers<{ product:
  route.merge({ product }, Page, ({ product, seller }) => ({ title: product.title, soldBy: seller }));
});

test('an optional answer without ?.', () => {
  // @ts-expect-error 'seller' is possibly 'null'
  route.merge({ product, seller }, Page, ({ product, seller }) => ({ title: product.title, soldBy: seller.name }));
});

test('a conditional answer without ?.', () => {
  // @ts-expect-error 'conditional' is possibly 'null'
  route.merge({ conditional }, Seller, ({ conditional }) => ({ name: conditional.name }));
});

test('without ?. the answer of a source that needs a conditional one', () => {
  const chained = route.source(getSeller, {
    needs: { conditional },
    input: (_request, { conditional }) => ({ id: conditional.name }),
  });
  // @ts-expect-error 'chained' is possibly 'null'
  route.merge({ chained }, Seller, ({ chained }) => ({ name: chained.name }));
});

test('a merge result that misses a key', () => {
  // @ts-expect-error Property 'soldBy' is missing in type '{ title: string; }'
  route.merge({ product }, Page, ({ product }) => ({ title: product.title }));
});

test('a merge result of the wrong type', () => {
  // @ts-expect-error Type 'number' is not assignable to type 'string'
  route.merge({ product }, Page, () => ({ title: 7, soldBy: null }));
});

test('a merge that is asynchronous', () => {
  // @ts-expect-error Type 'Promise<{ title: string; soldBy: null; }>' is missing the following properties
  route.merge({ product }, Page, async ({ product }) => ({ title: product.title, soldBy: null }));
});

test('a condition that is asynchronous', () => {
  // @ts-expect-error Type 'Promise<boolean>' is not assignable to type 'boolean'
  route.source(getProduct, { input: () => ({ id: '1' }), when: async () => true });
});

test('a template that takes what there is not', () => {
  // @ts-expect-error Type '"product.titel"' is not assignable to type '"product.sellerId" | "product.title"'
  route.merge({ product }, { title: 'product.titel' });
  // @ts-expect-error Type '"seller.name"' is not assignable to type '"product"'
  route.merge({ product }, { title: 'seller.name' });
  // @ts-expect-error Type '"product.title.length"' is not assignable to type '"product.title"'
  route.merge({ product }, { title: 'product.title.length' });
  // @ts-expect-error Type '"titel"' is not assignable to type
  route.merge({ product }, { page: pick('product', { title: 'titel' }) });
  // @ts-expect-error Type '"prodict"' is not assignable to type '"product"'
  route.merge({ product }, { page: pick('prodict', { title: 'title' }) });
});

test('a template that goes on behind a list or into a record', () => {
  // @ts-expect-error Type '"list.items.name"' is not assignable to type '"list.items"'
  route.merge({ list }, { name: 'list.items.name' });
  // @ts-expect-error Type '"list.byName.chair"' is not assignable to type '"list.byName"'
  route.merge({ list }, { name: 'list.byName.chair' });
});

test('a template that holds more than paths and picks', () => {
  // @ts-expect-error Type 'number' is not assignable to type 'string | Picked<string, Template>'
  route.merge({ product }, { title: 7 });
  // @ts-expect-error Object literal may only specify known properties, and 'title' does not exist in type
  route.merge({ product }, { page: { title: 'product.title' } });
});

test('a payload schema without a function', () => {
  // @ts-expect-error Argument of type 'TObject<{ title: TString; soldBy: TUnion<[TString, TNull]>; }>' is not assignable
  route.merge({ product }, Page);
});

test('a source of another route', () => {
  // @ts-expect-error Type '"GET /v1/products/:id"' is not assignable to type '"GET /v1/sellers/:id"'
  other.source(getSeller, { needs: { product }, input: () => ({ id: '1' }) });
  // @ts-expect-error Type '"GET /v1/products/:id"' is not assignable to type '"GET /v1/sellers/:id"'
  other.merge({ product });
  // @ts-expect-error Type '"GET /v1/products/:id"' is not assignable to type '"GET /v1/sellers/:id"'
  other.merge({ product }, Page, () => ({ title: '', soldBy: null }));
});

test('a fallback of the wrong type', () => {
  // @ts-expect-error Type 'number' is not assignable to type 'string'
  route.source(getSeller, { input: () => ({ id: '1' }), optional: true, fallback: { name: 7 } });
});

test('a misspelt option', () => {
  // @ts-expect-error 'optinal' does not exist in type 'SourceOptions<
  route.source(getSeller, { input: () => ({ id: '1' }), optinal: true });
});

test('a provider without output', () => {
  // @ts-expect-error Property 'output' is missing in type
  shop.provider({ name: 'a', request: byId });
});

test('a provider without request and run, or with both', () => {
  // @ts-expect-error Property 'run' is missing in type
  shop.provider({ name: 'a', output: Seller });
  // @ts-expect-error Types of property 'run' are incompatible
  shop.provider({ name: 'a', output: Seller, request: byId, run: () => ({ name: 'a' }) });
});

test('a run that does not give the output', () => {
  // @ts-expect-error Type '{ id: number; }' is not assignable to type
  shop.provider({ name: 'a', output: Seller, run: () => ({ id: 1 }) });
});

test('a path that is plain text', () => {
  // @ts-expect-error Type 'string' is not assignable to type 'Path'
  shop.provider({ name: 'a', output: Seller, request: () => ({ path: '/a' }) });
});

test('a value in a path that may be missing', () => {
  // @ts-expect-error Argument of type 'undefined' is not assignable to parameter of type 'string | number'
  path`/a/${undefined}`;
});
