import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { createBinding } from '../../src/engine/bind.ts';
import type { CallContext, Policy } from '../../src/engine/call.ts';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { execute } from '../../src/engine/execute.ts';
import { compileForward, type Forwarded, toForward, transportHeaders } from '../../src/engine/forward.ts';
import { ok } from '../../src/engine/outcome.ts';
import { path } from '../../src/engine/path.ts';
import { compilePlan } from '../../src/engine/plan.ts';
import { defineUpstream } from '../../src/engine/provider.ts';
import { defineRoute } from '../../src/engine/route.ts';
import { createScope } from '../../src/engine/scope.ts';
import { facts, plain } from '../support/fan-out.ts';

describe('names of headers to forward', () => {
  test('are in lower case, each once', () => {
    expect(toForward(['Authorization', 'cookie', 'AUTHORIZATION', 'x-api-key'], 'here')).toEqual([
      'authorization',
      'cookie',
      'x-api-key',
    ]);
  });

  test.each([
    ...transportHeaders,
    'Proxy-Authorization',
    'proxy-authenticate',
    'Content-Type',
    'content-encoding',
    'If-None-Match',
    'if-modified-since',
    'range',
    'Forwarded',
    'X-Forwarded-For',
    'x-real-ip',
    '',
    'a b',
    'a:b',
    'a\r\nb',
    'é',
  ])('cannot be %j', (name) => {
    const define = () => defineUpstream({ name: 'shop', origin: 'https://shop.example', forward: ['cookie', name] });
    expect(define).toThrow(DefinitionError);
    expect(define).toThrow(`upstream "shop": "forward" cannot name the header "${name.toLowerCase()}"`);
  });

  test('are part of the frozen definition, none by default', () => {
    const origin = 'https://shop.example';
    const { forward } = defineUpstream({ name: 'shop', origin, forward: ['Cookie'] });
    expect(forward).toEqual(['cookie']);
    expect(Object.isFrozen(forward)).toBe(true);
    expect(defineUpstream({ name: 'shop', origin }).forward).toEqual([]);
  });
});

describe('what is taken of all headers', () => {
  test.each<[readonly string[], Readonly<Record<string, unknown>> | undefined, Forwarded | undefined]>([
    [['a', 'b'], { a: '1', b: '2', c: '3' }, { a: '1', b: '2' }],
    [['a', 'b'], { b: '' }, { b: '' }],
    [['a'], { b: '2' }, undefined],
    [['a'], undefined, undefined],
    [[], { a: '1' }, undefined],
    [['set-cookie', 'a'], { 'set-cookie': ['1'], a: '2' }, { a: '2' }],
    [['__proto__', 'constructor', 'tostring'], {}, undefined],
  ])('%j of %j', (names, headers, expected) => {
    expect(compileForward(names)(headers)).toEqual(expected);
  });
});

describe('a source', () => {
  /** Every context that a call of an upstream ran in, by upstream. */
  const seen = new Map<string, CallContext>();
  const watch: Policy =
    (next, { upstream }) =>
    (input, context) => {
      seen.set(upstream, context);
      return next(input, context);
    };
  const createAsk = (name: string, forward?: readonly string[]) => {
    const origin = `https://${name}.example`;
    const upstream = defineUpstream({ name, origin, policies: [watch], ...(forward ? { forward } : {}) });
    return upstream.provider({
      name: 'ask',
      output: Type.Unknown(),
      policies: [],
      request: () => ({ path: path`/` }),
    });
  };
  const bind = () =>
    createBinding({
      connect: () => (_request, _context, decode) => Promise.resolve(decode(Buffer.from('1'), {})),
      standard: { provider: [], upstream: [] },
      emit: () => {},
    });
  const run = async (forwarded?: Forwarded) => {
    const route = defineRoute({ url: '/v1/page', summary: 'A page' });
    const sources = {
      users: route.source(createAsk('users', ['authorization', 'cookie']), plain),
      orders: route.source(createAsk('orders', ['Authorization']), plain),
      stock: route.source(createAsk('stock'), plain),
    };
    const plan = compilePlan(route.merge(sources), bind());
    seen.clear();
    const request = { params: {}, query: {}, headers: {}, body: undefined };
    await execute(plan, request, { scope: createScope(), deadlineMs: 800, request: facts, forwarded, strict: false });
    return { plan, given: Object.fromEntries([...seen].map(([name, context]) => [name, context.forwarded])) };
  };

  test('gets what its own upstream names, and nothing of what others do', async () => {
    const { plan, given } = await run({ authorization: 'Bearer a', cookie: 'b=c' });
    expect(plan.forward).toEqual(['authorization', 'cookie']);
    expect(given).toEqual({
      users: { authorization: 'Bearer a', cookie: 'b=c' },
      orders: { authorization: 'Bearer a' },
      stock: undefined,
    });
  });

  test('gets none where the client sent none', async () => {
    expect((await run()).given).toEqual({ users: undefined, orders: undefined, stock: undefined });
  });

  test('that is a computation sees them, and an empty list where there are none', async () => {
    const upstream = defineUpstream({ name: 'db', origin: 'https://db.example', policies: [], forward: ['x-tenant'] });
    const found: Forwarded[] = [];
    const provider = upstream.provider({
      name: 'rows',
      output: Type.Unknown(),
      policies: [],
      run: (_input: unknown, { forwarded }) => {
        found.push(forwarded);
        return ok(1);
      },
    });
    const route = defineRoute({ url: '/v1/rows', summary: 'Rows' });
    const plan = compilePlan(route.merge({ rows: route.source(provider, plain) }), bind());
    const request = { params: {}, query: {}, headers: {}, body: undefined };
    for (const forwarded of [{ 'x-tenant': 'a' }, undefined]) {
      await execute(plan, request, { scope: createScope(), deadlineMs: 800, request: facts, forwarded, strict: false });
    }
    expect(found).toEqual([{ 'x-tenant': 'a' }, {}]);
  });
});
