import type { ServerResponse } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { defineRoute, defineUpstream, path, pick, Type } from '../../src/index.ts';
import { ask, plain, type Reply, serve, startUpstream } from './setup.ts';

const Product = Type.Object({
  id: Type.Integer(),
  title: Type.String(),
  price: Type.Object({ amount: Type.Number(), currency: Type.String() }),
});
const Catalog = Type.Object({ total: Type.Integer(), products: Type.Array(Product) });
const Reviews = Type.Object({
  average: Type.Number(),
  latest: Type.Optional(Type.Union([Type.Object({ text: Type.String(), author: Type.String() }), Type.Null()])),
});

/** The same page twice, declared and written as a function, on one upstream. */
function createPages(origin: string) {
  const shop = defineUpstream({ name: 'shop', origin, policies: [] });
  const getCatalog = shop.provider({
    name: 'catalog',
    output: Catalog,
    policies: [],
    request: () => ({ path: path`/catalog` }),
  });
  const getReviews = shop.provider({
    name: 'reviews',
    output: Reviews,
    policies: [],
    request: () => ({ path: path`/reviews` }),
  });

  const draft = (url: string) => {
    const query = Type.Object({ reviews: Type.Optional(Type.Boolean()) });
    const route = defineRoute({ url: `/v1/${url}`, summary: 'A page', query, deadline: 5_000 });
    const catalog = route.source(getCatalog, plain);
    const reviews = route.source(getReviews, {
      needs: { catalog },
      input: () => null,
      when: ({ query }) => query.reviews ?? true,
      optional: true,
    });
    const spare = route.source(getReviews, { ...plain, optional: true, fallback: { average: 0.5 } });
    return { route, sources: { catalog, reviews, spare } };
  };

  const declared = draft('declared');
  const written = draft('written');
  return [
    declared.route.merge(declared.sources, {
      total: 'catalog.total',
      products: pick('catalog.products', { id: 'id', name: 'title', amount: 'price.amount', price: 'price.currency' }),
      stars: 'reviews.average',
      author: 'reviews.latest.author',
      spare: 'spare.average',
    }),
    written.route.merge(written.sources, Type.Unknown(), ({ catalog, reviews, spare }) => ({
      total: catalog.total,
      products: catalog.products.map(({ id, title, price }) => ({
        id,
        name: title,
        amount: price.amount,
        price: price.currency,
      })),
      stars: reviews === null ? null : reviews.average,
      author: reviews === null ? null : reviews.latest?.author,
      spare: spare.average,
    })),
  ];
}

const text =
  (body: string): Reply =>
  (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
const fails: Reply = (response) => response.writeHead(500).end();

const catalog =
  '{"more":[1,{}], "products":[{"id":1,"title":"a \\"chair\\"","price":{"currency":"EUR","amount":12.50}},' +
  '{"price":{"amount":1e3,"currency":"USD"},"title":"日本","id":2,"title2":0}],"total":2}';
const reviews = '{"latest":{"author":"Ana","text":"sturdy"},"average":4.2}';

async function askBoth(replies: Readonly<Record<string, Reply>>, query = '') {
  const { origin: upstream, seen } = await startUpstream(replies);
  const { origin } = await serve({ routes: createPages(upstream) });
  const [declared, written] = await Promise.all(
    ['declared', 'written'].map((url) => ask(`${origin}/v1/${url}${query}`)),
  );
  if (!declared || !written) throw new TypeError('both have an answer');
  return { declared, written, seen };
}

/** An answer without what time alone decides. */
const timeless = (envelope: unknown) =>
  JSON.parse(
    JSON.stringify(envelope, (key, value: unknown) => (key === 'durationMs' || key === 'requestId' ? 0 : value)),
  );

describe('a declared merge answers what the same merge written as a function does', () => {
  test.each<[what: string, replies: Readonly<Record<string, Reply>>, query: string, complete: boolean | undefined]>([
    ['complete', { '/catalog': text(catalog), '/reviews': text(reviews) }, '', true],
    ['with an optional field missing', { '/catalog': text(catalog), '/reviews': text('{"average":4}') }, '', true],
    [
      'with null for an object',
      { '/catalog': text(catalog), '/reviews': text('{"average":4,"latest":null}') },
      '',
      true,
    ],
    [
      'with a list that is empty',
      { '/catalog': text('{"total":0,"products":[]}'), '/reviews': text(reviews) },
      '',
      true,
    ],
    [
      'where WebAssembly is not sure',
      { '/catalog': text('{"total":1.0,"products":[],"total":2.0}'), '/reviews': text(reviews) },
      '',
      true,
    ],
    ['where an optional source fails', { '/catalog': text(catalog), '/reviews': fails }, '', false],
    [
      'where an optional answer does not match',
      { '/catalog': text(catalog), '/reviews': text('{"average":"4"}') },
      '',
      false,
    ],
    ['where a source is skipped', { '/catalog': text(catalog), '/reviews': text(reviews) }, '?reviews=false', true],
    ['where a required source fails', { '/catalog': fails, '/reviews': text(reviews) }, '', undefined],
    [
      'where a required answer does not match',
      { '/catalog': text('{"total":1,"products":[{}]}'), '/reviews': text(reviews) },
      '',
      undefined,
    ],
    [
      'where a required answer is no JSON',
      { '/catalog': text(`${catalog}}`), '/reviews': text(reviews) },
      '',
      undefined,
    ],
    [
      'where a string has no UTF-8',
      { '/catalog': text(catalog.replace('日', '\\ud800')), '/reviews': text(reviews) },
      '',
      undefined,
    ],
  ])('%s', async (_what, replies, query, complete) => {
    const { declared, written } = await askBoth(replies, query);
    expect(declared.status).toBe(complete === undefined ? 502 : 200);
    expect(timeless(declared.json())).toEqual(timeless(written.json()));
    expect(declared.headers['x-aggregate-complete']).toBe(String(complete ?? false));
    expect(declared.json()).toMatchObject(complete === undefined ? { status: 502 } : { complete });
  });
});

describe('a declared merge', () => {
  test('keeps what upstreams wrote: digits, escapes and the order of fields, source by source', async () => {
    const digits = catalog.replace('12.50', '12345678901234567890.10');
    const { declared } = await askBoth({ '/catalog': text(digits), '/reviews': text(reviews) });
    expect(declared.text).toMatch(
      '{"data":{"products":[{"id":1,"name":"a \\"chair\\"","price":"EUR","amount":12345678901234567890.10},' +
        '{"amount":1e3,"price":"USD","name":"日本","id":2}],"total":2,' +
        '"author":"Ana","stars":4.2,"spare":4.2},"complete":true,"sources":{"catalog":',
    );
  });

  test('parses only what a function reads', async () => {
    const parse = vi.spyOn(JSON, 'parse');
    const { declared } = await askBoth({ '/catalog': text(catalog), '/reviews': text(reviews) });
    const upstreamTexts = parse.mock.calls.map(([body]) => body).filter((body) => body.includes('"average"'));
    expect(declared.status).toBe(200);
    // By the function's route: two sources of reviews.
    expect(upstreamTexts).toHaveLength(2);
  });

  test('is in the contract with its payload', async () => {
    const { server } = await buildApp({ routes: createPages('http://127.0.0.1:9') });
    const contract: Contract = (await server.inject('/openapi.json')).json();
    await server.close();
    const schema = contract.paths['/v1/declared']?.get.responses['200']?.content['application/json']?.schema;
    const orNull = (type: string) => ({ anyOf: [{ type }, { type: 'null' }] });
    expect(schema?.properties['data']).toEqual({
      type: 'object',
      required: ['total', 'products', 'stars', 'spare'],
      properties: {
        total: { type: 'integer' },
        products: {
          type: 'array',
          items: {
            type: 'object',
            required: ['id', 'name', 'amount', 'price'],
            properties: {
              id: { type: 'integer' },
              name: { type: 'string' },
              amount: { type: 'number' },
              price: { type: 'string' },
            },
          },
        },
        stars: orNull('number'),
        author: orNull('string'),
        spare: { type: 'number' },
      },
    });
  });
});

/** The part of a contract that is looked at here. */
interface Contract {
  readonly paths: Readonly<Record<string, { readonly get: { readonly responses: Responses } }>>;
}
type Responses = Readonly<
  Record<string, { readonly content: Readonly<Record<string, { readonly schema: Envelope }>> }>
>;
interface Envelope {
  readonly properties: Readonly<Record<string, unknown>>;
}
