/** (c) The endpoint with Confluo: everything it does by default, deadline, statuses, Server-Timing and standard policies. */
import { pino } from 'pino';
import { buildApp } from '../../src/app.ts';
import { defineRoute, defineUpstream, path, type Route, Type } from '../../src/index.ts';
import { keepYoung } from '../../src/server/heap.ts';
import { Catalog, Page, Reviews, Stock, toPage } from '../page.ts';
import { deadlineMs, type ServerOptions, serve } from './serve.ts';

// As the process `confluo` does.
keepYoung();

serve(async ({ origins, policies, log }) => {
  const { server } = await buildApp({
    routes: createRoutes(origins),
    ...(policies ? {} : { policies: { provider: [], upstream: [] } }),
    ...(log ? { logger: pino() } : {}),
  });
  return server;
});

interface Input {
  readonly id: string;
}

const params = Type.Object({ id: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }) });

function createRoutes(origins: ServerOptions['origins']): readonly Route[] {
  const catalog = defineUpstream({ name: 'catalog', origin: origins.catalog });
  const reviews = defineUpstream({ name: 'reviews', origin: origins.reviews });
  const stock = defineUpstream({ name: 'stock', origin: origins.stock });

  const toCatalog = ({ id }: Input) => ({ path: path`/catalog/${id}` });
  const toReviews = ({ id }: Input) => ({ path: path`/reviews/${id}` });
  const toStock = ({ id }: Input) => ({ path: path`/stock/${id}` });
  const anyCatalog = catalog.provider({ name: 'any', output: Type.Unknown(), request: toCatalog });
  const anyReviews = reviews.provider({ name: 'any', output: Type.Unknown(), request: toReviews });
  const anyStock = stock.provider({ name: 'any', output: Type.Unknown(), request: toStock });
  const getCatalog = catalog.provider({ name: 'typed', output: Catalog, request: toCatalog });
  const getReviews = reviews.provider({ name: 'typed', output: Reviews, request: toReviews });
  const getStock = stock.provider({ name: 'typed', output: Stock, request: toStock });
  const input = ({ params }: { readonly params: Input }) => params;

  const merge = defineRoute({ url: '/merge/:id', summary: 'Three answers as they are', params, deadline: deadlineMs });
  const typed = defineRoute({
    url: '/typed/:id',
    summary: 'A page made of three answers',
    params,
    deadline: deadlineMs,
  });
  return [
    merge.merge({
      catalog: merge.source(anyCatalog, { input }),
      reviews: merge.source(anyReviews, { input, optional: true }),
      stock: merge.source(anyStock, { input, optional: true }),
    }),
    typed.merge(
      {
        catalog: typed.source(getCatalog, { input }),
        reviews: typed.source(getReviews, { input, optional: true }),
        stock: typed.source(getStock, { input, optional: true }),
      },
      Page,
      toPage,
    ),
  ];
}
