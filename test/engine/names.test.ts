import { describe, expect, test } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { nameSources } from '../../src/engine/names.ts';
import { defineRoute, type Route } from '../../src/engine/route.ts';
import { ask, plain } from '../support/fan-out.ts';

const draft = () => defineRoute({ url: '/v1/page', summary: 'A page' });
const namesOf = (route: Route) => [...nameSources(route, 'route GET /v1/page').values()];

describe('names', () => {
  test('are the keys of the merge in its order, then the keys in needs of what is only needed', () => {
    const route = draft();
    const root = route.source(ask('root'), plain);
    const middle = route.source(ask('middle'), { ...plain, needs: { deepest: root } });
    const other = route.source(ask('other'), plain);
    const leaf = route.source(ask('leaf'), { ...plain, needs: { between: middle } });

    expect(namesOf(route.merge({ shown: leaf, other }))).toEqual(['shown', 'other', 'between', 'deepest']);
  });

  test('in the merge win over names in needs', () => {
    const route = draft();
    const product = route.source(ask('product'), plain);
    const seller = route.source(ask('seller'), { ...plain, needs: { item: product } });
    expect(namesOf(route.merge({ seller, product }))).toEqual(['seller', 'product']);
  });

  test('in needs are the first one where there are several', () => {
    const route = draft();
    const product = route.source(ask('product'), plain);
    const a = route.source(ask('a'), { ...plain, needs: { item: product } });
    const b = route.source(ask('b'), { ...plain, needs: { thing: product } });
    expect(namesOf(route.merge({ a, b }))).toEqual(['a', 'b', 'item']);
  });

  test.each(['a', 'a1', 'listOfItems', 'with-dash', 'with_underscore', 'constructor', 'a'.repeat(64)])(
    'like %s',
    (name) => {
      const route = draft();
      expect(namesOf(route.merge({ [name]: route.source(ask('a'), plain) }))).toEqual([name]);
    },
  );
});

describe('refused, naming the route', () => {
  const refusal = (message: string) => new DefinitionError(`route GET /v1/page: ${message}`);

  test.each(['', '1a', 'a b', 'a"b', 'é', '__proto__', '_a', 'a.b', 'a'.repeat(65)])('a name like %j', (name) => {
    const route = draft();
    expect(() => namesOf(route.merge({ [name]: route.source(ask('a'), plain) }))).toThrow(
      refusal(`"${name}" cannot name a source; letters, digits, _ and - can`),
    );
  });

  test('a bad name in needs', () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const b = route.source(ask('b'), { ...plain, needs: { 'a b': a } });
    expect(() => namesOf(route.merge({ b }))).toThrow(
      refusal('"a b" cannot name a source; letters, digits, _ and - can'),
    );
  });

  test('an empty merge', () => {
    expect(() => namesOf(draft().merge({}))).toThrow(refusal('a merge needs at least one source'));
  });

  test('one source under two keys', () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    expect(() => namesOf(route.merge({ a, again: a }))).toThrow(refusal('"again" and "a" are one source'));
  });

  test('the name that is a reason', () => {
    const route = draft();
    expect(() => namesOf(route.merge({ condition: route.source(ask('a'), plain) }))).toThrow(
      refusal('"condition" cannot name a source; it is a reason'),
    );
  });

  test('a source of another route, which only plain JavaScript can write', () => {
    const route = draft();
    const stranger = draft().source(ask('a'), plain);
    expect(() => namesOf(route.merge({ stranger }))).toThrow(refusal('"stranger" is a source of another route'));
  });

  test('two sources of one name', () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const hidden = route.source(ask('hidden'), plain);
    const b = route.source(ask('b'), { ...plain, needs: { a: hidden } });
    expect(() => namesOf(route.merge({ a, b }))).toThrow(refusal('"a" names two sources'));
  });

  test('a source that nothing uses', () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    route.source(ask('forgotten'), plain);
    expect(() => namesOf(route.merge({ a }))).toThrow(
      refusal('a source of shop/forgotten is declared, but neither merged nor needed'),
    );
  });
});
