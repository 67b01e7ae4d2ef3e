import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { type AppOptions, buildApp } from '../../src/app.ts';
import { defineRoute, defineUpstream, type EdgeOptions, type Route, Type } from '../../src/index.ts';
import { plain } from './setup.ts';

/** What the source of the routes answers with; tests may change it. */
export interface Shop {
  answer: unknown;
}

/** Routes over one source that is no network: `GET` and `POST /v1/page`, `/v1/partial` that lacks a source, `/v1/broken`. */
export function createRoutes(shop: Shop): readonly Route[] {
  const upstream = defineUpstream({ name: 'shop', origin: 'http://127.0.0.1:9', policies: [] });
  const provider = (name: string, run: () => unknown) =>
    upstream.provider({ name, output: Type.Unknown(), policies: [], run });
  const page = provider('page', () => shop.answer);
  const lost = provider('lost', () => {
    throw new Error('lost');
  });
  const get = defineRoute({ url: '/v1/page', summary: 'A page' });
  const post = defineRoute({ url: '/v1/page', method: 'POST', summary: 'A page', body: Type.Object({}) });
  const partial = defineRoute({ url: '/v1/partial', summary: 'A page without its end' });
  const broken = defineRoute({ url: '/v1/broken', summary: 'No page' });
  return [
    get.merge({ page: get.source(page, plain) }),
    post.merge({ page: post.source(page, plain) }),
    partial.merge({ page: partial.source(page, plain), end: partial.source(lost, { ...plain, optional: true }) }),
    broken.merge({ page: broken.source(lost, plain) }),
  ];
}

/** An application with these features, ready to be asked. */
export async function buildEdge(
  edge: EdgeOptions,
  options: Partial<AppOptions> & { readonly shop?: Shop } = {},
): Promise<FastifyInstance> {
  const { shop = { answer: 'short' }, ...rest } = options;
  const { server } = await buildApp({ routes: createRoutes(shop), edge, ...rest });
  onTestFinished(() => server.close());
  return server;
}
