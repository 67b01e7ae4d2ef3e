import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApp } from '../../src/app.ts';
import { defineRoute, defineUpstream, path, pick, type Route, Type } from '../../src/index.ts';
import { standard } from '../../src/policies/standard.ts';
import { openLog } from '../../src/server/log.ts';
import { openOutput } from '../../src/server/output.ts';
import { Catalog, Page, Reviews, Stock, toPage } from '../page.ts';
import { toPartNames, widths } from '../parts.ts';
import type { ServerOptions } from './serve.ts';

/** The endpoint with Confluo: everything it does by default, deadline, statuses, Server-Timing and standard policies. */
export async function createApp(
  options: ServerOptions,
): Promise<FastifyInstance & { readonly logger: Logger | undefined }> {
  const { policies, log } = options;
  const logger = log ? openLog('info', openOutput()) : undefined;
  const { server } = await buildApp({
    routes: [...createRoutes(options), ...createPartRoutes(options)],
    policies: policies ? standard(policies) : { provider: [], upstream: [] },
    // All clients have one address here, their connections stay open, and up to 1,000 of them always ask.
    limits: { maxConnectionsPerAddress: 10_000, maxRequestsPerConnection: 1_000_000 },
    admission: { maxInFlight: 2_000 },
    ...(logger && { logger }),
  });
  return Object.assign(server, { logger });
}

interface Input {
  readonly id: string;
}

const params = Type.Object({ id: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }) });

function createRoutes({ origins, deadlineMs, upstreamConnections: connections }: ServerOptions): readonly Route[] {
  const catalog = defineUpstream({ name: 'catalog', origin: origins.catalog, connections });
  const reviews = defineUpstream({ name: 'reviews', origin: origins.reviews, connections });
  const stock = defineUpstream({ name: 'stock', origin: origins.stock, connections });

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
  const declared = defineRoute({
    url: '/declared/:id',
    summary: 'A listing taken from three answers',
    params,
    deadline: deadlineMs,
  });
  return [
    declared.merge(
      {
        catalog: declared.source(getCatalog, { input }),
        reviews: declared.source(getReviews, { input, optional: true }),
        stock: declared.source(getStock, { input, optional: true }),
      },
      {
        total: 'catalog.total',
        products: pick('catalog.products', {
          id: 'id',
          name: 'title',
          amount: 'price.amount',
          currency: 'price.currency',
          rating: 'rating',
          image: 'image',
        }),
        stars: 'reviews.average',
        reviews: 'reviews.reviews',
        stock: 'stock.levels',
      },
    ),
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

/** For each width a merge of as many equal parts, each of an upstream of its own; the first is required. */
function createPartRoutes({ origins, deadlineMs, upstreamConnections: connections }: ServerOptions): readonly Route[] {
  const providers = toPartNames(origins.parts.length).map((name, index) =>
    defineUpstream({ name, origin: origins.parts[index] ?? '', connections }).provider({
      name: 'any',
      output: Type.Unknown(),
      request: ({ id }: Input) => ({ path: path`/part/${id}` }),
    }),
  );
  const input = ({ params }: { readonly params: Input }) => params;
  return widths.map((width) => {
    const route = defineRoute({ url: `/parts-${width}/:id`, summary: `${width} parts`, params, deadline: deadlineMs });
    const sources = providers
      .slice(0, width)
      .map((provider, index) => [`part-${index + 1}`, route.source(provider, { input, optional: index > 0 })] as const);
    return route.merge(Object.fromEntries(sources));
  });
}
