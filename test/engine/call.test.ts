import { expect, test } from 'vitest';
import { type Call, type CallInfo, compose, type Policy } from '../../src/engine/call.ts';
import { ok } from '../../src/engine/outcome.ts';
import { createScope } from '../../src/engine/scope.ts';
import { facts } from '../support/fan-out.ts';

const info: CallInfo = {
  upstream: 'shop',
  provider: 'product',
  idempotent: true,
  safe: true,
  share: (_key, create) => create(),
  emit: () => {},
};
const context = { scope: createScope(), deadlineAt: 100, request: facts, record: { attempts: 0 } };
const call: Call<number, number> = (input) => Promise.resolve(ok(input));

test('policies run outermost first, and every one is bound once with what it wraps', async () => {
  const steps: string[] = [];
  const named =
    (name: string): Policy =>
    (next, { provider }) => {
      steps.push(`bind ${name} to ${provider}`);
      return async (input, given) => {
        steps.push(`enter ${name}`);
        const outcome = await next(input, given);
        steps.push(`leave ${name}`);
        return outcome;
      };
    };

  const composed = compose(call, [named('outer'), named('inner')], info);
  expect(await composed(7, context)).toEqual(ok(7));

  expect(steps).toEqual([
    'bind inner to product',
    'bind outer to product',
    'enter outer',
    'enter inner',
    'leave inner',
    'leave outer',
  ]);
});

test('without policies the call is itself', () => {
  expect(compose(call, [], info)).toBe(call);
});
