import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { createBinding } from '../../src/engine/bind.ts';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { compilePlan } from '../../src/engine/plan.ts';
import { defineRoute } from '../../src/engine/route.ts';
import { pick, type Template, toTaken } from '../../src/engine/template.ts';
import { askFor, plain } from '../support/fan-out.ts';
import { createFakeUpstreams } from '../support/transport.ts';

const Product = Type.Object({
  title: Type.String(),
  price: Type.Object({ amount: Type.Number(), currency: Type.String() }),
  tags: Type.Array(Type.Object({ name: Type.String() })),
  more: Type.Unknown(),
});

/** Compiles the plan of a route with a template whose paths the compiler does not know. */
function compile(template: Template) {
  const route = defineRoute({ url: '/v1/page', summary: 'A page' });
  const product = route.source(askFor('product', Product), plain);
  const seller = route.source(askFor('seller', Type.Object({ name: Type.String() })), plain);
  const merged = route.merge({ product, seller }, template);
  const { connect } = createFakeUpstreams({});
  return compilePlan(merged, createBinding({ connect, standard: { provider: [], upstream: [] }, emit: () => {} }));
}

const refusal = (message: string) => new DefinitionError(`route GET /v1/page: ${message}`);

describe('a template', () => {
  test('is read from the other end: by source, and there by field', () => {
    const taken = toTaken(
      {
        title: 'product.title',
        cost: 'product.price.amount',
        tags: pick('product.tags', { tag: 'name' }),
        all: 'seller',
      },
      'here',
    );
    expect(taken).toEqual(
      new Map([
        [
          'product',
          {
            as: undefined,
            taken: new Map<string, unknown>([
              ['title', { as: 'title', taken: 'all' }],
              ['price', { as: undefined, taken: new Map([['amount', { as: 'cost', taken: 'all' }]]) }],
              ['tags', { as: 'tags', taken: new Map([['name', { as: 'tag', taken: 'all' }]]) }],
            ]),
          },
        ],
        ['seller', { as: 'all', taken: 'all' }],
      ]),
    );
  });

  test('gives each source what is taken of it, by the names of the payload', () => {
    const { sources } = compile({
      cost: 'product.price.amount',
      seller: 'seller.name',
      currency: 'product.price.currency',
    });
    expect(sources.map(({ selection }) => Object.keys(selection?.members ?? {}))).toEqual([
      ['cost', 'currency'],
      ['seller'],
    ]);
  });
});

describe('refused, naming route and key', () => {
  const seller = { seller: 'seller.name' };

  test.each<[what: string, template: Template, message: string]>([
    ['a source that there is not', { ...seller, a: 'prodict.title' }, 'template: there is no source "prodict"'],
    ['a source of which nothing is taken', { a: 'product.title' }, 'the template takes nothing of "seller"'],
    [
      'a field that there is not',
      { ...seller, a: 'product.titel' },
      'template: "product": there is no field "titel" in its schema to take',
    ],
    [
      'a field of a field that there is not',
      { ...seller, a: 'product.price.value' },
      'template: "product": there is no field "value" in its schema to take',
    ],
    [
      'a field of a list',
      { ...seller, a: 'product.tags.name' },
      'template: "product": there is no field "name" in its schema to take',
    ],
    [
      'a field of what may be anything',
      { ...seller, a: 'product.more.a' },
      'template: "product": there is no field "a" in its schema to take',
    ],
    [
      'a field that every object has by birth',
      { ...seller, a: 'product.__proto__' },
      'template: "product": there is no field "__proto__" in its schema to take',
    ],
    [
      'a field that the items of a list do not have',
      { ...seller, a: pick('product.tags', { b: 'id' }) },
      'template: "product": there is no field "id" in its schema to take',
    ],
    ['a path that is empty', { ...seller, a: '' }, 'template: there is no source ""'],
    [
      'the same twice',
      { ...seller, a: 'product.title', b: 'product.title' },
      'template: "b": "product.title" is taken twice',
    ],
    [
      'a part of what is taken whole',
      { ...seller, a: 'product.price', b: 'product.price.amount' },
      'template: "b": "product.price.amount" is taken twice',
    ],
    [
      'all of what is taken in part',
      { ...seller, a: 'product.price.amount', b: 'product.price' },
      'template: "b": "product.price" is taken twice',
    ],
    [
      'the same twice in a pick',
      { ...seller, a: pick('product.tags', { b: 'name', c: 'name' }) },
      'template: "a": "c": "name" is taken twice',
    ],
    [
      'a name that sets a prototype',
      { ...seller, ['__proto__']: 'product.title' },
      'template: "__proto__" cannot name a field',
    ],
  ])('%s', (_what, template, message) => {
    expect(() => compile(template)).toThrow(refusal(message));
  });

  test.each([7, null, undefined, true, { path: 'product.title' }, ['product.title']])(
    'what is no path and no pick: %j',
    (from) => {
      // @ts-expect-error plain JavaScript can write anything
      expect(() => compile({ ...seller, a: from })).toThrow(refusal('template: "a" is no path and no pick'));
    },
  );

  test('a template beside a function that has no schema, and a schema without function', () => {
    const route = defineRoute({ url: '/v1/page', summary: 'A page' });
    const product = route.source(askFor('product', Product), plain);
    const message = refusal('a merge has a payload schema and a function, or a template, or neither');
    // @ts-expect-error plain JavaScript can leave it out
    expect(() => route.merge({ product }, undefined, () => null)).toThrow(message);
    for (const schema of [Product, Type.Unsafe<string>({ type: 'string' }), Type.Unknown()]) {
      // @ts-expect-error plain JavaScript can leave it out
      expect(() => route.merge({ product }, schema)).toThrow(message);
    }
  });

  test('but not a payload schema that no library has marked', () => {
    const route = defineRoute({ url: '/v1/page', summary: 'A page' });
    const product = route.source(askFor('product', Product), plain);
    const payload = { type: 'string' };
    expect(route.merge({ product }, payload, ({ product }) => product.title)).toMatchObject({
      payload,
      template: undefined,
    });
  });
});
