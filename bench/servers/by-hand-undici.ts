/**
 * (b) The endpoint as an expert writes it: undici's `request` on one shared Agent, a timeout signal for each call, compiled
 * checks, and a response schema, which Fastify compiles into a serialiser.
 */
import Fastify, { type FastifyInstance } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { Agent, request } from 'undici';
import { type Answers, Catalog, Listing, Page, Reviews, Stock, toListing, toPage } from '../page.ts';
import { toPartNames, widths } from '../parts.ts';
import { serve } from './serve.ts';

const Status = Type.Object({
  status: Type.String(),
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  durationMs: Type.Number(),
});
const Sources = Type.Object({ catalog: Status, reviews: Status, stock: Status });
const Problem = Type.Object({ title: Type.String(), sources: Sources });
const Merged = Type.Object({ catalog: Type.Unknown(), reviews: Type.Unknown(), stock: Type.Unknown() });
const envelopeOf = <S extends TSchema>(data: S) => Type.Object({ data, complete: Type.Boolean(), sources: Sources });
const Params = Type.Object({ id: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }) });

type Status = Static<typeof Status>;
type Params = Static<typeof Params>;
type Result<T> = { readonly value: T | null; readonly status: Status };
type Check<T> = (value: unknown) => value is T;
type GetJson = <T>(url: string, check: Check<T>) => Promise<Result<T>>;

const takeAny: Check<unknown> = (value): value is unknown => value !== undefined;
const toCheck = <S extends TSchema>(schema: S): Check<Static<S>> => {
  const validator = Compile(schema);
  return (value): value is Static<S> => validator.Check(value);
};
const isCatalog = toCheck(Catalog);
const isReviews = toCheck(Reviews);
const isStock = toCheck(Stock);

serve(({ origins, log, deadlineMs, upstreamConnections }) => {
  const app = Fastify({ logger: log });
  const agent = new Agent({ connections: upstreamConnections, keepAliveTimeout: 30_000 });
  const getJson = compileGetJson(agent, deadlineMs);

  const merge = { schema: { params: Params, response: { 200: envelopeOf(Merged), 502: Problem } } };
  app.get<{ Params: Params }>('/merge/:id', merge, async (incoming, reply) => {
    const { id } = incoming.params;
    const [catalog, reviews, stock] = await Promise.all([
      getJson(`${origins.catalog}/catalog/${id}`, takeAny),
      getJson(`${origins.reviews}/reviews/${id}`, takeAny),
      getJson(`${origins.stock}/stock/${id}`, takeAny),
    ]);
    const sources = { catalog: catalog.status, reviews: reviews.status, stock: stock.status };
    if (catalog.value === null) return reply.code(502).send({ title: 'No catalogue', sources });
    const data = { catalog: catalog.value, reviews: reviews.value, stock: stock.value };
    return { data, complete: isComplete(sources), sources };
  });

  addTyped('/typed/:id', Page, toPage);
  addTyped('/declared/:id', Listing, toListing);
  for (const width of widths) serveParts(app, origins.parts.slice(0, width), getJson);
  return app;

  function addTyped(url: string, payload: TSchema, toPayload: (answers: Answers) => unknown): void {
    const schema = { params: Params, response: { 200: envelopeOf(payload), 502: Problem } };
    app.get<{ Params: Params }>(url, { schema }, async (incoming, reply) => {
      const { id } = incoming.params;
      const [catalog, reviews, stock] = await Promise.all([
        getJson(`${origins.catalog}/catalog/${id}`, isCatalog),
        getJson(`${origins.reviews}/reviews/${id}`, isReviews),
        getJson(`${origins.stock}/stock/${id}`, isStock),
      ]);
      const sources = { catalog: catalog.status, reviews: reviews.status, stock: stock.status };
      if (catalog.value === null) return reply.code(502).send({ title: 'No catalogue', sources });
      const data = toPayload({ catalog: catalog.value, reviews: reviews.value, stock: stock.value });
      return { data, complete: isComplete(sources), sources };
    });
  }
});

/** A merge of as many equal parts as there are origins; the first is required. */
function serveParts(app: FastifyInstance, origins: readonly string[], getJson: GetJson): void {
  const names = toPartNames(origins.length);
  const Data = Type.Object(Object.fromEntries(names.map((name) => [name, Type.Unknown()])));
  const Sources = Type.Object(Object.fromEntries(names.map((name) => [name, Status])));
  const ok = Type.Object({ data: Data, complete: Type.Boolean(), sources: Sources });
  const schema = {
    params: Params,
    response: { 200: ok, 502: Type.Object({ title: Type.String(), sources: Sources }) },
  };
  app.get<{ Params: Params }>(`/parts-${origins.length}/:id`, { schema }, async (incoming, reply) => {
    const { id } = incoming.params;
    const results = await Promise.all(origins.map((origin) => getJson(`${origin}/part/${id}`, takeAny)));
    const data: Record<string, unknown> = {};
    const sources: Record<string, Status> = {};
    results.forEach(({ value, status }, index) => {
      const name = names[index] ?? '';
      data[name] = value;
      sources[name] = status;
    });
    if (results[0]?.value === null) return reply.code(502).send({ title: 'No first part', sources });
    return { data, complete: isComplete(sources), sources };
  });
}

const compileGetJson =
  (agent: Agent, deadlineMs: number): GetJson =>
  async <T>(url: string, check: Check<T>): Promise<Result<T>> => {
    const startedAt = performance.now();
    const failed = (code: string, message: string): Result<T> => ({
      value: null,
      status: { status: 'failed', code, message, durationMs: since(startedAt) },
    });
    try {
      const { statusCode, body } = await request(url, {
        dispatcher: agent,
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(deadlineMs),
      });
      if (statusCode !== 200) {
        await body.dump();
        return failed('upstream_error', `answered ${statusCode}`);
      }
      const value: unknown = await body.json();
      if (!check(value)) return failed('invalid_response', 'the answer does not match its schema');
      return { value, status: { status: 'ok', durationMs: since(startedAt) } };
    } catch (error) {
      if (error instanceof SyntaxError) return failed('invalid_response', 'the answer is not JSON');
      const isTimeout = error instanceof Error && error.name === 'TimeoutError';
      return isTimeout ? failed('timeout', `no answer within ${deadlineMs} ms`) : failed('unreachable', 'no answer');
    }
  };

const since = (startedAt: number): number => Math.round((performance.now() - startedAt) * 10) / 10;

const isComplete = (sources: Readonly<Record<string, Status>>): boolean =>
  Object.values(sources).every(({ status }) => status === 'ok');
