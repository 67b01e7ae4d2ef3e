import { randomBytes } from 'node:crypto';
import { createBinding } from '../../src/engine/bind.ts';
import { compileEnvelope } from '../../src/engine/envelope.ts';
import { execute } from '../../src/engine/execute.ts';
import { failures } from '../../src/engine/failure.ts';
import { failed, type Outcome } from '../../src/engine/outcome.ts';
import { compilePlan, type Plan } from '../../src/engine/plan.ts';
import type { Decode, Transport } from '../../src/engine/request.ts';
import { createScope } from '../../src/engine/scope.ts';
import { toFailed } from '../../src/http/errors.ts';
import { decodeBody } from '../../src/http/json.ts';
import { toHeadFailure } from '../../src/http/status.ts';
import { defineRoute, defineUpstream, path, Type } from '../../src/index.ts';
import { standard } from '../../src/policies/standard.ts';
import { repeat } from './stage.ts';

const deadlineMs = 40;
const attemptMs = 15;
const plans = 8;
const atOnce = 40;
const request = { params: {}, query: {}, headers: {}, body: undefined };
const facts = { requestId: 'r', traceId: '0'.repeat(32), traceFlags: '00', isRetry: false };

/** Runs plans whose upstreams fail in every way, without sockets, and tells the HTTP status of each answer. */
export async function answerInProcess(times: number, onStatus: (status: number) => void): Promise<void> {
  const answers = Array.from({ length: plans }, (_, index) => compileAnswer(toPlan(`upstream-${index}`)));
  await Promise.all(
    answers.map((answer) => repeat(Math.floor(times / plans), atOnce, async () => onStatus(await answer()))),
  );
}

function compileAnswer(plan: Plan): () => Promise<number> {
  const { write } = compileEnvelope(plan);
  return async () => {
    const options = { scope: createScope(), deadlineMs, request: facts, strict: Math.random() < 0.1 };
    const execution = await execute(plan, request, options);
    const outcome = execution.failed?.outcome;
    if (outcome?.status === 'failed') return failures[outcome.failure.code].http;
    return 'failure' in write(execution, request) ? 500 : 200;
  };
}

/** A typed source, one that needs it, one that may fail, and a merge that reads all of them. */
function toPlan(name: string): Plan {
  const upstream = defineUpstream({ name, origin: 'http://upstream.test' });
  const Item = Type.Object({ id: Type.Integer(), tags: Type.Array(Type.Object({ name: Type.String() })) });
  const describe = (provider: string) =>
    upstream.provider({ name: provider, output: Item, request: ({ id }: { id: number }) => ({ path: path`/${id}` }) });
  const [getFirst, getSecond, getThird] = [describe('first'), describe('second'), describe('third')];

  const route = defineRoute({ url: '/', summary: 'Three in a row' });
  const first = route.source(getFirst, { input: () => ({ id: 1 }) });
  const second = route.source(getSecond, { needs: { first }, input: (_request, needs) => ({ id: needs.first.id }) });
  const third = route.source(getThird, { input: () => ({ id: 3 }), optional: true });
  const merged = route.merge({ first, second, third }, Type.Array(Type.String()), (answers) =>
    [answers.first, answers.second, answers.third].flatMap((answer) => answer?.tags.map(({ name }) => name) ?? []),
  );
  const policies = standard({ breaker: false, timeout: attemptMs });
  return compilePlan(merged, createBinding({ connect: () => sendNowhere, standard: policies, emit: () => {} }));
}

/** Everything that a connection can come to, by chance, through the tables that real ones go through. */
const sendNowhere: Transport = async (_request, { scope }, decode) => {
  if (Math.random() < 0.1) await new Promise((resolve) => setImmediate(resolve));
  if (Math.random() < 0.01) {
    return new Promise((resolve) => scope.onAbort((failure) => resolve({ status: 'failed', failure })));
  }
  const kind = Math.random();
  if (kind < 0.1) return failed('saturated', 'too many calls');
  if (kind < 0.3) return toFailed(Object.assign(new Error('lost'), { code: pick(errorCodes) }), Math.random() < 0.5);
  const status = Math.random() < 0.7 ? 200 : 200 + Math.floor(Math.random() * 400);
  const headers = Math.random() < 0.9 ? {} : { [pick(headerNames)]: pick(headerValues) };
  return toHeadFailure(status, headers) ?? read(Math.random() < 0.05 ? randomBytes(64) : pick(bodies), decode);
};

const read = <T>(bytes: Buffer, decode: Decode<T>): Outcome<T> =>
  decodeBody(bytes, {}, { depth: 64, tokens: 200_000 }, decode);

const errorCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'UND_ERR_SOCKET',
  'HPE_INVALID',
  'CERT_HAS_EXPIRED',
  '',
];
const headerNames = ['retry-after', 'content-type', 'content-encoding', 'content-length', '__proto__'];
const headerValues = ['0', '-1', '1e9', 'application/json', 'text/html; charset="', 'gzip', 'br, gzip', '\u00ff', ''];
const good = '{"id":7,"tags":[{"name":"oak"},{"name":"low","extra":[{"a":1}]}],"more":{"x":null}}';
const bodies = [
  ...Array.from({ length: 12 }, () => good),
  '',
  'null',
  '[]',
  '7',
  '{}',
  '{"id":7,"tags":null}',
  '{"id":7,"tags":[null]}',
  '{"id":1e400,"tags":[]}',
  '{"id":7.5,"tags":[]}',
  '{"__proto__":{"id":7},"tags":[]}',
  '{"id":7,"tags":[{"name":{"toString":1}}]}',
  '{"id":7,"id":"x","tags":[]}',
  '{"id":7,"tags":{"length":3}}',
  `${'['.repeat(70)}${']'.repeat(70)}`,
  '{"id":7,"tags":[{"name":"\\ud800"}]}',
  good.slice(0, 40),
  `${good}${good}`,
].map((text) => Buffer.from(text));

function pick<T>(list: readonly T[]): T {
  const picked = list[Math.floor(Math.random() * list.length)];
  if (picked === undefined) throw new RangeError('nothing to pick from');
  return picked;
}
