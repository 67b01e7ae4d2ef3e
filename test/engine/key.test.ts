import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toCallKey, toKey } from '../../src/engine/key.ts';
import { createContext } from '../policies/support.ts';

it('is the same for equal data, whatever the order of the fields', () => {
  expect(toKey({ id: 'a', page: { size: 10, from: 0 } })).toBe(toKey({ page: { from: 0, size: 10 }, id: 'a' }));
});

it.each([
  [1, '1'],
  [null, 'null'],
  [undefined, 'undefined'],
  [Number.NaN, null],
  [[1, 2], ['1,2']],
  [['a', 'b'], ['a","b']],
  [[], {}],
  [[[1], 2], [[1, 2]]],
  [{ a: 1, b: 2 }, { a: '1,"b":2' }],
  [{ a: undefined }, {}],
])('differs between %j and %j', (left, right) => {
  expect(toKey(left)).not.toBe(toKey(right));
});

it('differs whenever data differs', () => {
  const data = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(data, data, (left, right) => {
      const areEqual = canonical(left) === canonical(right);
      expect(toKey(left) === toKey(right)).toBe(areEqual);
      expect(toKey(left)).toBe(toKey(structuredClone(left)));
    }),
  );
});

it.each([new Map(), new Date(0), () => {}, Symbol('s'), { list: [new Set()] }, Object.create({ a: 1 }), 1n])(
  'is none for %s, which is no plain data',
  (value) => {
    expect(toKey(value)).toBeUndefined();
  },
);

it('is the same for what Fastify`s router makes of a path', () => {
  const bare: object = Object.create(null);
  expect(toKey(Object.assign(Object.create(bare), { id: '1' }))).toBe(toKey({ id: '1' }));
});

it('is none for what inherits fields', () => {
  const parent: object = Object.assign(Object.create(null), { a: 1 });
  expect(toKey(Object.create(parent))).toBeUndefined();
});

it('is none for what never ends', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  expect(toKey(cycle)).toBeUndefined();
});

it('of a call differs whenever its input or what is forwarded with it does', () => {
  const data = fc.jsonValue({ maxDepth: 2 });
  const headers = fc.option(fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }), { nil: undefined });
  const keyOf = (input: unknown, forwarded: Readonly<Record<string, string>> | undefined) =>
    toCallKey(input, { ...createContext(), forwarded });
  fc.assert(
    fc.property(data, headers, data, headers, (input, forwarded, otherInput, otherForwarded) => {
      const areEqual = canonical([input, forwarded ?? null]) === canonical([otherInput, otherForwarded ?? null]);
      expect(keyOf(input, forwarded) === keyOf(otherInput, otherForwarded)).toBe(areEqual);
      expect(keyOf(input, forwarded)).toBe(keyOf(structuredClone(input), structuredClone(forwarded)));
    }),
  );
  expect(keyOf(new Map(), { authorization: 'a' })).toBeUndefined();
});

/** JSON with the fields in order; -0 is 0 to JSON and to a key. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
