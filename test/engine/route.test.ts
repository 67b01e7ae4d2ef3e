import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { defineRoute } from '../../src/engine/route.ts';
import { ask, plain } from '../support/fan-out.ts';

const draft = () => defineRoute({ url: '/v1/page', summary: 'A page' });

describe('a route', () => {
  test('is inert data: method, url, sources, payload and merge', () => {
    const options = {
      method: 'POST',
      url: '/v1/search',
      summary: 'Search',
      body: Type.Object({ q: Type.String() }),
    } as const;
    const route = defineRoute(options);
    const hits = route.source(ask('hits'), plain);
    const payload = Type.Object({ n: Type.Number() });
    const merge = () => ({ n: 1 });

    const merged = route.merge({ hits }, payload, merge);

    expect(merged).toMatchObject({ kind: 'route', method: 'POST', url: '/v1/search', options, payload, merge });
    expect(merged.sources).toEqual({ hits: hits.definition });
    expect(merged.declared).toEqual([hits.definition]);
    expect(Object.isFrozen(merged)).toBe(true);
  });

  test('answers GET unless it says otherwise', () => {
    const route = draft();
    expect(route.merge({ a: route.source(ask('a'), plain) })).toMatchObject({
      method: 'GET',
      payload: undefined,
      merge: undefined,
    });
  });
});

describe('a source', () => {
  test('keeps the definitions it needs, so that edges are data', () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const b = route.source(ask('b'), { ...plain, needs: { item: a } });
    expect(b.definition.needs).toEqual({ item: a.definition });
    expect(b.definition.needs['item']).toBe(a.definition);
  });

  test('is required, unconditional, without fallback, and exposes nothing unless it says so', () => {
    const { definition } = draft().source(ask('a'), plain);
    expect(definition).toMatchObject({ optional: false, when: undefined, expose: [], needs: {} });
    expect(definition).not.toHaveProperty('fallback');
  });

  test('exposes headers by lower-case name', () => {
    expect(draft().source(ask('a'), { ...plain, expose: ['ETag', 'x-total'] }).definition.expose).toEqual([
      'etag',
      'x-total',
    ]);
  });
});

describe('refused, naming route and source', () => {
  const refusal = (message: string) => new DefinitionError(`route GET /v1/page: ${message}`);

  test('a source of something that is no provider', () => {
    // @ts-expect-error plain JavaScript can pass anything
    expect(() => draft().source(undefined, plain)).toThrow(refusal('a source is made of a provider'));
    // @ts-expect-error plain JavaScript can pass anything
    expect(() => draft().source({ name: 'a' }, plain)).toThrow(refusal('a source is made of a provider'));
  });

  test('a source without input', () => {
    // @ts-expect-error plain JavaScript can leave it out
    expect(() => draft().source(ask('a'), {})).toThrow(refusal('source of shop/a: "input" is missing'));
  });

  test('a fallback of a required source', () => {
    const define = () => draft().source(ask('a'), { ...plain, fallback: 1 });
    expect(define).toThrow(refusal('source of shop/a: a fallback needs "optional: true"'));
  });

  test('a need that is no source', () => {
    // @ts-expect-error plain JavaScript can pass anything
    const define = () => draft().source(ask('a'), { ...plain, needs: { b: ask('b') } });
    expect(define).toThrow(refusal('source of shop/a: needs: "b" is no source'));
  });

  test('a merge of something that is no source', () => {
    // @ts-expect-error plain JavaScript can pass anything
    expect(() => draft().merge({ a: ask('a') })).toThrow(refusal('merge: "a" is no source'));
  });

  test('a merge with a schema but no function', () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    // @ts-expect-error plain JavaScript can leave it out
    const define = () => route.merge({ a }, Type.Null());
    expect(define).toThrow(refusal('a merge has a payload schema and a function, or a template, or neither'));
  });
});
