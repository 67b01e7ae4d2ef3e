import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { createBinding } from '../../src/engine/bind.ts';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { compilePlan, defaultDeadlineMs } from '../../src/engine/plan.ts';
import { defineRoute, type Route } from '../../src/engine/route.ts';
import { ask, plain } from '../support/fan-out.ts';
import { createFakeUpstreams } from '../support/transport.ts';

const draft = (deadline?: number) =>
  defineRoute({ url: '/v1/page', summary: 'A page', ...(deadline === undefined ? {} : { deadline }) });
const compile = (route: Route) => {
  const { connect } = createFakeUpstreams({});
  return compilePlan(route, createBinding({ connect, standard: { provider: [], upstream: [] }, emit: () => {} }));
};

describe('a plan', () => {
  test('holds the sources in the order of the merge, with the edges in both directions', () => {
    const route = draft();
    const root = route.source(ask('root'), plain);
    const left = route.source(ask('left'), { ...plain, needs: { up: root } });
    const right = route.source(ask('right'), { ...plain, needs: { up: root, beside: left } });

    const plan = compile(route.merge({ right, left }));

    expect(plan.merged).toBe(2);
    expect(plan.sources.map(({ name, needs, dependents }) => ({ name, needs, dependents }))).toEqual([
      {
        name: 'right',
        needs: [
          { alias: 'up', index: 2 },
          { alias: 'beside', index: 1 },
        ],
        dependents: [],
      },
      { name: 'left', needs: [{ alias: 'up', index: 2 }], dependents: [0] },
      { name: 'up', needs: [], dependents: [0, 1] },
    ]);
  });

  test('has one edge for each name that a source gives a need', () => {
    const route = draft();
    const root = route.source(ask('root'), plain);
    const leaf = route.source(ask('leaf'), { ...plain, needs: { root, again: root } });
    const { sources } = compile(route.merge({ leaf, root }));
    expect(sources[1]?.dependents).toEqual([0, 0]);
    expect(sources[0]?.needs).toHaveLength(2);
  });

  test('has the route’s deadline, or the default', () => {
    const withDeadline = (deadline?: number) => {
      const route = draft(deadline);
      return compile(route.merge({ a: route.source(ask('a'), plain) })).deadlineMs;
    };
    expect(withDeadline(300)).toBe(300);
    expect(withDeadline()).toBe(defaultDeadlineMs);
  });

  test('has each fallback as value and as bytes', () => {
    const route = draft();
    const a = route.source(ask('a'), { ...plain, optional: true, fallback: [1] });
    const b = route.source(ask('b'), { ...plain, optional: true, fallback: null });
    const c = route.source(ask('c'), { ...plain, optional: true });
    const { sources } = compile(route.merge({ a, b, c }));
    expect(sources.map(({ fallback }) => fallback)).toEqual([
      { value: [1], bytes: Buffer.from('[1]') },
      { value: null, bytes: Buffer.from('null') },
      undefined,
    ]);
  });

  test('shares one bound call between the sources of one provider', () => {
    const route = draft();
    const provider = ask('a');
    const { sources } = compile(route.merge({ a: route.source(provider, plain), b: route.source(provider, plain) }));
    expect(sources[0]?.call).toBe(sources[1]?.call);
  });
});

describe('refused, naming route and source', () => {
  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('a deadline of %d', (deadline) => {
    const route = draft(deadline);
    const merged = route.merge({ a: route.source(ask('a'), plain) });
    expect(() => compile(merged)).toThrow(
      new DefinitionError('route GET /v1/page: "deadline" is milliseconds above 0'),
    );
  });

  test('a required source that needs an optional one', () => {
    const route = draft();
    const extra = route.source(ask('extra'), { ...plain, optional: true });
    const main = route.source(ask('main'), { ...plain, needs: { extra } });
    expect(() => compile(route.merge({ main }))).toThrow(
      new DefinitionError(
        'route GET /v1/page: source "main" is required but needs "extra", which is optional and may have no value',
      ),
    );
  });

  test('a required source whose need has a fallback, but an optional need of its own', () => {
    const route = draft();
    const extra = route.source(ask('extra'), { ...plain, optional: true });
    const rates = route.source(ask('rates'), { ...plain, needs: { extra }, optional: true, fallback: 1 });
    const main = route.source(ask('main'), { ...plain, needs: { rates } });
    expect(() => compile(route.merge({ main, rates }))).toThrow('source "main" is required but needs "rates"');
  });

  test.each([
    ['a function', () => 1],
    ['a BigInt', 1n],
  ])('a fallback that is no JSON: %s', (_what, fallback) => {
    const route = draft();
    const a = route.source(ask('a'), { ...plain, optional: true, fallback });
    expect(() => compile(route.merge({ a }))).toThrow(
      new DefinitionError('route GET /v1/page: source "a": the fallback cannot be written as JSON'),
    );
  });

  test('but not a required source that needs one with a fallback, or one with a condition', () => {
    const route = draft();
    const rates = route.source(ask('rates'), { ...plain, optional: true, fallback: 1 });
    const only = route.source(ask('only'), { ...plain, when: () => false });
    const main = route.source(ask('main'), { ...plain, needs: { rates, only } });
    expect(() => compile(route.merge({ main }, Type.Null(), () => null))).not.toThrow();
  });
});
