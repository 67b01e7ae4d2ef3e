/** (a) The endpoint as most people write it: global fetch, a timeout signal for each call, Promise.allSettled. */
import Fastify from 'fastify';
import { type Answers, toListing, toPage } from '../page.ts';
import { serve } from './serve.ts';

interface Params {
  readonly id: string;
}

class StatusError extends Error {}

serve(({ origins, log, deadlineMs }) => {
  const app = Fastify({ logger: log });
  const toStatus = compileStatus(deadlineMs);

  async function askAll(id: string) {
    const segment = encodeURIComponent(id);
    const [catalog, reviews, stock] = await Promise.allSettled([
      getJson(`${origins.catalog}/catalog/${segment}`, deadlineMs),
      getJson(`${origins.reviews}/reviews/${segment}`, deadlineMs),
      getJson(`${origins.stock}/stock/${segment}`, deadlineMs),
    ]);
    return {
      data: { catalog: toValue(catalog), reviews: toValue(reviews), stock: toValue(stock) },
      complete: [catalog, reviews, stock].every(({ status }) => status === 'fulfilled'),
      sources: { catalog: toStatus(catalog), reviews: toStatus(reviews), stock: toStatus(stock) },
    };
  }

  app.get<{ Params: Params }>('/merge/:id', async (request, reply) => {
    const answer = await askAll(request.params.id);
    if (answer.data.catalog === null) return reply.code(502).send({ title: 'No catalogue', sources: answer.sources });
    return answer;
  });

  app.get<{ Params: Params }>('/typed/:id', async (request, reply) => {
    const { data, complete, sources } = await askAll(request.params.id);
    if (!isAnswers(data)) return reply.code(502).send({ title: 'No usable answer', sources });
    return { data: toPage(data), complete, sources };
  });

  app.get<{ Params: Params }>('/declared/:id', async (request, reply) => {
    const { data, complete, sources } = await askAll(request.params.id);
    if (!isAnswers(data)) return reply.code(502).send({ title: 'No usable answer', sources });
    return { data: toListing(data), complete, sources };
  });

  return app;
});

async function getJson(url: string, deadlineMs: number) {
  const startedAt = performance.now();
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(deadlineMs),
  });
  if (!response.ok) throw new StatusError(`answered ${response.status}`);
  const value: unknown = await response.json();
  return { value, durationMs: Math.round((performance.now() - startedAt) * 10) / 10 };
}

const toValue = (result: PromiseSettledResult<{ readonly value: unknown }>) =>
  result.status === 'fulfilled' ? result.value.value : null;

const compileStatus = (deadlineMs: number) => (result: PromiseSettledResult<{ readonly durationMs: number }>) => {
  if (result.status === 'fulfilled') return { status: 'ok', durationMs: result.value.durationMs };
  const reason: unknown = result.reason;
  if (reason instanceof StatusError) return { status: 'failed', code: 'upstream_error', message: reason.message };
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return { status: 'failed', code: 'timeout', message: `no answer within ${deadlineMs} ms` };
  }
  return { status: 'failed', code: 'unreachable', message: 'no answer' };
};

interface Unchecked {
  readonly catalog: unknown;
  readonly reviews: unknown;
  readonly stock: unknown;
}

/** What people check by hand: that the lists they are about to map are lists. */
const isAnswers = (data: Unchecked): data is Answers =>
  hasList(data.catalog, 'products') &&
  (data.reviews === null || hasList(data.reviews, 'reviews')) &&
  (data.stock === null || hasList(data.stock, 'levels'));

// Reading a field of any JSON value but null is safe.
const hasList = (value: unknown, name: string): boolean =>
  Array.isArray((value as Record<string, unknown> | null)?.[name]);
