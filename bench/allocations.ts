/**
 * How much one request allocates in what is Confluo's own: engine, standard policies, envelope and endpoint, without sockets.
 * Bytes, not time, so that neither the machine nor its neighbours matter. Prints one line of JSON; needs `flags`.
 */
import { buildApp } from '../src/app.ts';
import { createBinding } from '../src/engine/bind.ts';
import { compileEnvelope } from '../src/engine/envelope.ts';
import { execute } from '../src/engine/execute.ts';
import { compilePlan } from '../src/engine/plan.ts';
import type { Transport } from '../src/engine/request.ts';
import { createScope } from '../src/engine/scope.ts';
import { defineRoute, defineUpstream, path, type Route, type TSchema, Type } from '../src/index.ts';
import { standard } from '../src/policies/standard.ts';

/** Bytes for each request, by what it does. */
export interface Allocations {
  /** Three answers, embedded as they are. */
  readonly merge: number;
  /** Three answers, parsed, checked and mapped. */
  readonly typed: number;
  /** An answer, one that needs it, and one that fails. */
  readonly partial: number;
  /** Three computed answers through the whole application, beyond what one without sources takes there. */
  readonly served: number;
}

/**
 * A young generation that holds all of a run, so that nothing is collected while it is counted, and no compiler that leaves
 * objects out as soon as it has found the time to.
 */
export const flags = [
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--no-opt',
  '--no-maglev',
  '--expose-gc',
] as const;

const warmups = 300;
const requests = 500;

/** Bytes that one call leaves behind. */
async function count(answer: () => Promise<void>): Promise<number> {
  for (let i = 0; i < warmups; i += 1) await answer();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < requests; i += 1) await answer();
  return Math.round((process.memoryUsage().heapUsed - before) / requests);
}

const shop = defineUpstream({ name: 'shop', origin: 'http://shop.test' });
const Item = Type.Object({ id: Type.Integer(), title: Type.String(), stars: Type.Array(Type.Integer()) });
const item = { id: 42, title: 'Chair', stars: [5, 4, 3] };
const body = Buffer.from(JSON.stringify({ ...item, other: 'x'.repeat(200) }));

interface Input {
  readonly id: string;
}

const params = Type.Object({ id: Type.String() });
const input = ({ params }: { readonly params: Input }) => params;
const draft = (name: string) => defineRoute({ url: `/${name}/:id`, summary: name, params });
const asked = <S extends TSchema>(name: string, output: S) =>
  shop.provider({ name, output, request: ({ id }: Input) => ({ path: path`/${name}/${id}` }) });
const computed = (name: string) => shop.provider({ name, output: Item, run: () => item });

function toMerge(): Route {
  const route = draft('merge');
  return route.merge({
    first: route.source(asked('first', Type.Unknown()), { input }),
    second: route.source(asked('second', Type.Unknown()), { input, optional: true }),
    third: route.source(asked('third', Type.Unknown()), { input, optional: true }),
  });
}

function toTyped(): Route {
  const route = draft('typed');
  const sources = {
    first: route.source(asked('typed-first', Item), { input }),
    second: route.source(asked('typed-second', Item), { input, optional: true }),
    third: route.source(asked('typed-third', Item), { input, optional: true }),
  };
  return route.merge(sources, Type.Array(Type.String()), ({ first, second, third }) =>
    [first, second, third].flatMap((answer) => answer?.title ?? []),
  );
}

function toPartial(): Route {
  const route = draft('partial');
  const head = route.source(asked('head', Item), { input });
  const tail = route.source(asked('tail', Item), {
    needs: { head },
    input: (_request, { head }) => ({ id: head.title }),
  });
  return route.merge({ head, tail, lost: route.source(asked('lost', Item), { input, optional: true }) });
}

function toServed(): Route {
  const route = draft('served');
  return route.merge({
    first: route.source(computed('computed-first'), { input }),
    second: route.source(computed('computed-second'), { input, optional: true }),
    third: route.source(computed('computed-third'), { input, optional: true }),
  });
}

/** Answers at once, but for what is lost. */
const send: Transport = async (request, _context, decode) =>
  request.path.value.startsWith('/lost')
    ? { status: 'failed', failure: { code: 'not_found', message: 'answered 404' } }
    : decode(body, {});

/** One request after the other, in the engine alone. */
function compileAnswer(route: Route): () => Promise<void> {
  const plan = compilePlan(route, createBinding({ connect: () => send, standard: standard(), emit: () => {} }));
  const { write } = compileEnvelope(plan);
  const request = { params: { id: '42' }, query: {}, headers: {}, body: undefined };
  const facts = { requestId: 'r-1', traceId: '1'.repeat(32), traceFlags: '00', isRetry: false };
  return async () => {
    const options = { scope: createScope(), deadlineMs: plan.deadlineMs, request: facts, strict: false };
    const written = write(await execute(plan, request, options), request);
    if ('failure' in written) throw new Error(written.failure.message, { cause: written.failure.cause });
  };
}

async function countServed(): Promise<number> {
  const { server } = await buildApp({ routes: [toServed()] });
  const compileGet = (url: string) => async () => {
    const { statusCode } = await server.inject({ url, headers: { accept: 'application/json' } });
    if (statusCode !== 200) throw new Error(`${url}: status ${statusCode}`);
  };
  const beyond = await count(compileGet('/livez'));
  const all = await count(compileGet('/served/42'));
  await server.close();
  return all - beyond;
}

if (import.meta.main) {
  const allocations: Allocations = {
    merge: await count(compileAnswer(toMerge())),
    typed: await count(compileAnswer(toTyped())),
    partial: await count(compileAnswer(toPartial())),
    served: await countServed(),
  };
  console.log(JSON.stringify(allocations));
}
