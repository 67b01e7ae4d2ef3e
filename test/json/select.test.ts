import fc from 'fast-check';
import { type TSchema, Type } from 'typebox';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { compileCheck, compileSelectedDecode } from '../../src/engine/decode.ts';
import { compileSelection } from '../../src/engine/selection.ts';
import type { TakenField } from '../../src/engine/template.ts';
import { decodeBody } from '../../src/http/json.ts';
import { checkJson } from '../../src/json/check.ts';
import { compileSelect } from '../../src/json/select.ts';
import type { Text } from '../../src/json/text.ts';
import { defaultJsonLimits, type JsonLimits } from '../../src/json/verdict.ts';
import { documents, limits, toPieces } from './documents.ts';
import { selected, take } from './selections.ts';

const all = (as: string): TakenField => ({ as, taken: 'all' });
const hoist = (fields: Readonly<Record<string, TakenField>>): TakenField => ({
  as: undefined,
  taken: new Map(Object.entries(fields)),
});
const pick = (as: string, fields: Readonly<Record<string, TakenField>>): TakenField => ({ ...hoist(fields), as });

/** Both ways to the members of a document: in WebAssembly, and what JavaScript does where that is not sure. */
function compileBoth(schema: TSchema, field: TakenField) {
  const selection = compileSelection(schema, field, 'here');
  if (!selection.form) throw new TypeError('a schema of which types decide has a form');
  const select = compileSelect(selection.form);
  const decode = compileSelectedDecode(schema, { ...selection, form: undefined });
  return {
    fast: (text: Text, bounds?: JsonLimits) => select(text, bounds)?.toString(),
    slow: (bytes: Buffer, bounds = defaultJsonLimits) => {
      const outcome = decodeBody(bytes, {}, bounds, decode);
      return outcome.status === 'ok' ? outcome.selected?.toString() : undefined;
    },
  };
}

/** Members as JavaScript would write them, in their order. */
const normal = (members: string): string => JSON.stringify(JSON.parse(`{${members}}`));

const Money = Type.Object({ amount: Type.Number(), currency: Type.Optional(Type.String()) });
const Item = Type.Object({ id: Type.Integer(), name: Type.String(), price: Money });
const Nullable = Type.Union([Money, Type.Null()]);
const long = 'a name of more than sixteen bytes';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe('what is taken of a document is written', () => {
  test.each<[what: string, schema: TSchema, field: TakenField, text: string, members: string]>([
    ['all of it', Type.Unknown(), all('x'), ' [1, {"a":2}] ', '"x":[1, {"a":2}]'],
    ['a scalar', Type.String(), all('x'), '"\\u00e9\\/"', '"x":"\\u00e9\\/"'],
    ['every digit', Type.Number(), all('x'), '-12345678901234567890.10', '"x":-12345678901234567890.10'],
    ['a small exponent', Type.Number(), all('x'), '1.5E-07', '"x":1.5E-07'],
    ['a field', Item, hoist({ id: all('id') }), '{"id":7,"name":"n","price":{"amount":1}}', '"id":7'],
    ['a new name', Item, hoist({ id: all(long) }), '{"id":7,"name":"n","price":{"amount":1}}', `"${long}":7`],
    [
      'fields as they come, with what is between them',
      Item,
      hoist({ id: all('id'), name: all('name') }),
      '{"name":"n" , "id":7,"price":{"amount":1}}',
      '"name":"n" , "id":7',
    ],
    [
      'a field of a field',
      Item,
      hoist({ price: hoist({ amount: all('cost') }), id: all('id') }),
      '{"id":7,"price":{"currency":"EUR","amount":1.0},"name":"n"}',
      '"id":7,"cost":1.0',
    ],
    ['no unknown field', Money, all('x'), '{"a":1, "amount":2,"__proto__":{}}', '"x":{"amount":2}'],
    ['an object without a field', Type.Object({}), all('x'), '{"a":1,"b":[{}]}', '"x":{}'],
    ['an empty object', Type.Object({}), all('x'), '{ }', '"x":{ }'],
    [
      'fields of the items of a list',
      Type.Object({ items: Type.Array(Item) }),
      hoist({ items: pick('list', { id: all('id'), price: hoist({ amount: all('cost') }) }) }),
      '{"items":[{"id":1,"name":"n","price":{"amount":1}}, {"price":{"amount":2},"name":"m","id":2}],"next":[]}',
      '"list":[{"id":1,"cost":1}, {"cost":2,"id":2}]',
    ],
    ['null for a list', Type.Union([Type.Null(), Type.Array(Item)]), pick('x', { id: all('id') }), 'null', '"x":null'],
    ['nothing of null', Nullable, hoist({ amount: all('cost') }), 'null', ''],
    ['nothing that is missing', Money, hoist({ currency: all('c') }), '{"amount":1}', ''],
    [
      'the fields around null',
      Type.Object({ a: Type.Integer(), price: Nullable, b: Type.Integer() }),
      hoist({ a: all('a'), price: hoist({ amount: all('cost') }), b: all('b') }),
      '{"a":1,"price":null,"b":2}',
      '"a":1,"b":2',
    ],
  ])('%s', (_what, schema, field, text, members) => {
    const { fast, slow } = compileBoth(schema, field);
    const bytes = Buffer.from(text);
    expect(fast(bytes)).toBe(members);
    expect(normal(slow(bytes) ?? '')).toBe(normal(members));
    expect(bytes.toString()).toBe(text);
  });
});

describe('JavaScript looks at a document', () => {
  const Seven = Type.Object({ id: Type.Integer(), size: Type.Optional(Type.Number()) });

  test.each<[what: string, text: string, members: string]>([
    ['with a key that comes twice: the last one counts', '{"id":1,"id":2}', '"id":2'],
    ['with a key that is escaped', '{"\\u0069d":1}', '"id":1'],
    ['with an integer that has a fraction', '{"id":2.0}', '"id":2'],
    ['with an integer that has an exponent', '{"id":1e2}', '"id":100'],
    ['with an exponent of three digits', '{"id":1,"size":1e-200}', '"id":1,"size":1e-200'],
    ['with a number of many digits', `{"id":1,"size":0.${'5'.repeat(250)}}`, '"id":1,"size":0.5555555555555556'],
  ])('%s', (_what, text, members) => {
    const { fast, slow } = compileBoth(Seven, all('x'));
    expect(fast(Buffer.from(text))).toBeUndefined();
    expect(slow(Buffer.from(text))).toBe(`"x":{${members}}`);
  });

  test('of which names make more than twice as much', () => {
    const name = 'n'.repeat(1000);
    const { fast, slow } = compileBoth(Type.Array(Item), pick('x', { id: all(name) }));
    const bytes = Buffer.from(JSON.stringify(Array(3).fill({ id: 1, name: 'n', price: { amount: 1 } })));
    expect(fast(bytes)).toBeUndefined();
    expect(slow(bytes)).toBe(`"x":[${Array(3).fill(`{"${name}":1}`).join()}]`);
  });

  test('where the limit allows more depth than fits on a stack', () => {
    const { fast } = compileBoth(Type.Unknown(), all('x'));
    const bytes = Buffer.from(`${'['.repeat(1000)}${']'.repeat(1000)}`);
    expect(fast(bytes, { depth: 1024, tokens: 1e6 })).toBe(`"x":${bytes.toString()}`);
    expect(fast(bytes, { depth: 1025, tokens: 1e6 })).toBeUndefined();
  });

  test('without WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    const module = await import('../../src/json/select.ts');
    expect(module.compileSelect({ form: 'any', place: 'hoisted' })(Buffer.from('{}'))).toBeUndefined();
  });
});

describe('a document that does not match fails as without a selection', () => {
  const { output, field } = { output: Type.Object({ items: Type.Array(Item) }), field: hoist({ items: all('x') }) };
  const right = '{"items":[{"id":1,"name":"n","price":{"amount":1}}]}';

  test.each([
    ['not_json', `${right}]`],
    ['not_json', right.slice(0, -1)],
    ['not_json', right.replace('1', '01')],
    ['not_utf8', Buffer.concat([Buffer.from(right.slice(0, 10)), Buffer.of(0xff), Buffer.from(right.slice(10))])],
    ['lone_surrogate', right.replace('"n"', '"\\ud800"')],
    ['depth', right.replace('{"id"', '{"x":[[[[]]]],"id"')],
    ['tokens', right.replace('{"id"', `{"x":[${'1,'.repeat(100)}1],"id"`)],
    ['schema', right.replace('"n"', '7')],
    ['schema', right.replace('"id":1', '"id":1.5')],
    ['schema', right.replace('"id":1', '"id":1e999')],
    ['schema', right.replace('"id":1,', '')],
    ['schema', right.replace('{"amount":1}', 'null')],
    ['schema', '[]'],
  ])('%s: %s', (reason, body) => {
    const selection = compileSelection(output, field, 'here');
    const bytes = Buffer.from(body);
    const bounds = { depth: 6, tokens: 100 };
    const outcome = decodeBody(bytes, {}, bounds, compileSelectedDecode(output, selection));
    expect(selection.form).toBeDefined();
    expect(outcome).toMatchObject({ status: 'failed', failure: { reason } });
    expect(outcome).toEqual(
      decodeBody(bytes, {}, bounds, compileSelectedDecode(output, { ...selection, form: undefined })),
    );
  });
});

describe('for any schemas, templates and documents', () => {
  test('a document as machines write it is selected in WebAssembly, and is what a function would take', () => {
    const property = fc.property(selected(false), ({ schema, field, text }) => {
      const { fast, slow } = compileBoth(schema, field);
      const bytes = Buffer.from(text);
      const members = fast(bytes) ?? 'not sure';
      expect(normal(members)).toBe(normal(slow(bytes) ?? 'not ok'));
      const checked = compileCheck(schema)(JSON.parse(text));
      expect(JSON.parse(`{${members}}`)).toEqual(checked.status === 'ok' && take(checked.value, field));
    });
    fc.assert(property, { numRuns: 1000 });
  }, 60_000);

  test('with oddities, what WebAssembly writes is what JavaScript writes', () => {
    const counts = { both: 0, slow: 0, neither: 0 };
    const property = fc.property(selected(true), ({ schema, field, text }) => {
      const { fast, slow } = compileBoth(schema, field);
      const bytes = Buffer.from(text);
      const [members, written] = [fast(bytes), slow(bytes)];
      counts[members !== undefined ? 'both' : written !== undefined ? 'slow' : 'neither'] += 1;
      if (members !== undefined) expect(normal(members)).toBe(normal(written ?? 'not ok'));
    });
    fc.assert(property, { numRuns: 1000 });
    // Documents that all end the same way would show nothing.
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(20);
  }, 60_000);

  test('nothing is written that the check or the limits refuse', () => {
    const property = fc.property(
      selected(true),
      fc.oneof(documents, fc.constant(undefined)),
      limits,
      ({ schema, field, text }, other, limited) => {
        const { fast } = compileBoth(schema, field);
        const any = compileBoth(Type.Unknown(), all('x'));
        const bytes = other ?? Buffer.from(text);
        for (const bounds of [limited, defaultJsonLimits]) {
          const verdict = checkJson(bytes, bounds);
          const members = fast(bytes, bounds);
          if (members !== undefined) expect(verdict).toBe('ok');
          expect(fast(toPieces(bytes), bounds)).toBe(members);
          // Where types do not matter, the two agree on everything.
          expect(any.fast(bytes, bounds) !== undefined).toBe(verdict === 'ok');
        }
      },
    );
    fc.assert(property, { numRuns: 1000 });
  }, 60_000);

  test('what is written fits where it is written', () => {
    const { fast } = compileBoth(Type.Array(Type.Object({ a: Type.Integer() })), pick('x', { a: all('bcdefghij') }));
    for (let count = 0; count < 400; count += 1) {
      const members = fast(Buffer.from(`[${Array.from({ length: count }, (_, a) => `{"a":${a}}`).join()}]`));
      const right = `"x":[${Array.from({ length: count }, (_, a) => `{"bcdefghij":${a}}`).join()}]`;
      expect(members, `${count}`).toBe(right);
    }
  });
});
