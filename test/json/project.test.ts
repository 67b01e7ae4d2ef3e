import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkJson } from '../../src/json/check.ts';
import { compileProjection, type Shape } from '../../src/json/project.ts';
import { documents, limits, toPieces } from './documents.ts';
import { unlimited } from './oracle.ts';
import { escapedTexts, fields, open, project, shapes, texts } from './shapes.ts';

const any = 'any';
const A = fields({ a: any });
const long = 'a key of more than sixteen bytes';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe('fields that the shape does not name', () => {
  test.each<[what: string, shape: Shape, text: string, left: string]>([
    ['the first', A, '{"x":1,"a":2}', '{"a":2}'],
    ['the last', A, '{"a":2,"x":1}', '{"a":2}'],
    ['one between', fields({ a: any, b: any }), '{"a":1,"x":2,"b":3}', '{"a":1,"b":3}'],
    ['several in a row', A, '{"x":1,"y":2,"a":3,"z":4,"x":5}', '{"a":3}'],
    ['the only one', A, '{"x":1}', '{}'],
    ['all', A, '{"x":1,"y":2,"z":3}', '{}'],
    ['all, of no name', fields({}), '{"x":1}', '{}'],
    [
      'with values of every kind',
      A,
      '{"p":"s","q":-1.5e3,"r":true,"s":[1,[2]],"t":{"u":{}},"v":null,"a":0}',
      '{"a":0}',
    ],
    ['without a value worth mentioning', A, '{"p":"","q":[],"r":{},"":0,"a":1}', '{"a":1}'],
    ['between empty values that stay', fields({ a: any, b: any }), '{"a":{},"x":1,"b":[]}', '{"a":{},"b":[]}'],
    ['of a nested object', fields({ a: A }), '{"a":{"a":1,"x":2},"x":3}', '{"a":{"a":1}}'],
    ['of an object behind one that was dropped', fields({ a: A }), '{"x":{"a":1},"a":{"x":2}}', '{"a":{}}'],
    ['that a nested object has', fields({ a: fields({ a: any, b: any }) }), '{"a":{"a":1},"b":2}', '{"a":{"a":1}}'],
    ['of the items of a list', { items: A }, '[{"a":1,"x":2},{"x":3},{"a":4}]', '[{"a":1},{},{"a":4}]'],
    ['of lists in lists', { items: { items: A } }, '[[{"x":1}],[],[{"a":1,"x":2}]]', '[[{}],[],[{"a":1}]]'],
    ['of an open object’s field', open({ a: A }), '{"x":{"x":1},"a":{"x":1}}', '{"x":{"x":1},"a":{}}'],
    ['in another order', fields({ a: any, b: any, c: any }), '{"c":1,"x":2,"a":3,"b":4}', '{"c":1,"a":3,"b":4}'],
    ['that begin as a known one does', fields({ ab: any }), '{"a":1,"abc":2,"ab":3,"b":4}', '{"ab":3}'],
    ['with long keys', fields({ [long]: any }), `{"${long}r":1,"${long}":2,"b${long.slice(1)}":3}`, `{"${long}":2}`],
    [
      'with keys beyond ASCII',
      fields({ é: any, 日本: any }),
      '{"è":1,"é":2,"日":3,"日本":4,"😀":5}',
      '{"é":2,"日本":4}',
    ],
    ['named like an accessor', A, '{"__proto__":{"a":1},"a":2,"constructor":3}', '{"a":2}'],
    ['that come twice', A, '{"x":1,"a":2,"x":3,"a":4}', '{"a":2,"a":4}'],
    ['with strings that look like JSON', A, '{"x":"}],{\\"a\\":1","a":"\\\\","y":"\\\\\\"}"}', '{"a":"\\\\"}'],
    ['with strings in dropped lists', A, '{"x":["]","\\"]",{"}":"}"}],"a":1}', '{"a":1}'],
    ['with long strings', A, `{"x":"${'}"'.repeat(50).replaceAll('"', '\\"')}","a":1}`, '{"a":1}'],
  ])('%s', (_what, shape, text, left) => {
    const bytes = Buffer.from(text);
    expect(compileProjection(shape)(bytes)).toEqual({ verdict: 'ok', text: left });
    expect(bytes.toString()).toBe(text);
  });

  test('go with the space around them, wherever that is', () => {
    const shape = fields({ a: { items: A } });
    const text = ' {\n "x" : 1 ,\t"a" :\r\n[ { "y" : [ ] , "a" : 1 } , { "a" : 2 , "z" : { } } ] , "x" : 2 } \n';
    const { text: left = '' } = compileProjection(shape)(Buffer.from(text));
    expect(left.replaceAll(/\s/g, '')).toBe('{"a":[{"a":1},{"a":2}]}');
    expect(JSON.parse(left)).toEqual({ a: [{ a: 1 }, { a: 2 }] });
  });
});

describe('nothing is dropped', () => {
  test.each<[what: string, shape: Shape, text: string]>([
    ['where the shape is that of anything', any, '{"x":1}'],
    ['where all fields are known', fields({ a: any, b: A }), ' { "b" : { "a" : 1 } , "a" : [ ] } '],
    ['of an open object', open({ a: A }), '{"x":1,"a":{"a":1},"y":{"x":1}}'],
    ['of a list of anything', { items: any }, '[{"x":1}]'],
    ['of a field of any kind', A, '{"a":{"x":[{"a":1}]}}'],
    ['of an empty object', A, '{ }'],
    ['of a list in place of an object', A, '[{"x":1}]'],
    ['of an object in place of a list', { items: A }, '{"x":1}'],
    ['of a scalar in place of an object', fields({ a: A }), '{"a":"x"}'],
    ['of null', A, 'null'],
    ['where a key is escaped that is known otherwise', A, '{"\\u0061":{"x":1}}'],
    ['where a key is escaped', A, '{"a":1,"\\n":2}'],
    ['where a long key has an escape at its end', A, `{"${long}\\n":2}`],
  ])('%s', (_what, shape, text) => {
    expect(compileProjection(shape)(Buffer.from(text))).toEqual({ verdict: 'ok' });
  });

  test('of what a key names that only reads like one of the shape', () => {
    const shape = open({ 'a\\b': A, '\ud800': A });
    for (const text of ['{"a\\b":{"x":1}}', '{"\ufffd":{"x":1}}']) {
      expect(compileProjection(shape)(Buffer.from(text))).toEqual({ verdict: 'ok' });
    }
  });
});

describe('a document of any size', () => {
  test('is projected to its last byte, wherever in memory that is', () => {
    const run = compileProjection(fields({ a: any, b: any }));
    for (let length = 65_000; length < 65_600; length += 1) {
      const a = 'x'.repeat(length);
      expect(run(Buffer.from(`{"a":"${a}","x":1,"b":2}`)).text, `${length}`).toBe(`{"a":"${a}","b":2}`);
    }
  });

  test('is projected between others of other sizes', () => {
    const run = compileProjection({ items: A });
    for (const count of [1, 100_000, 3, 2_000, 200_000]) {
      const bytes = Buffer.from(`[${Array.from({ length: count }, (_, i) => `{"x":"é${i}","a":${i}}`).join()}]`);
      const left = `[${Array.from({ length: count }, (_, i) => `{"a":${i}}`).join()}]`;
      expect(run(bytes, { depth: 8, tokens: 2e6 }).text).toBe(left);
      expect(run(bytes.subarray(0, -1), { depth: 8, tokens: 2e6 })).toEqual({ verdict: 'not_json' });
    }
  });

  test('is projected at any depth that the limit allows', () => {
    const nest = (depth: number): Shape => (depth === 0 ? A : fields({ a: { items: nest(depth - 1) } }));
    const write = (depth: number, extra: string): string =>
      depth === 0 ? `{${extra}"a":1}` : `{"a":[${write(depth - 1, extra)}]${extra && ',"x":[{}]'}}`;
    const bytes = Buffer.from(write(31, '"x":{"y":[]},'));
    expect(compileProjection(nest(31))(bytes, { depth: 66, tokens: 1e6 })).toEqual({
      verdict: 'ok',
      text: write(31, ''),
    });
    expect(compileProjection(nest(31))(bytes, { depth: 63, tokens: 1e6 })).toEqual({ verdict: 'too_deep' });
  });

  test('is checked only, where the limit allows more depth than is worth its memory', () => {
    const bytes = Buffer.from(`{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`);
    expect(compileProjection(A)(bytes, unlimited)).toEqual({ verdict: 'ok' });
    expect(compileProjection(A)(bytes, { depth: 64, tokens: 1e6 })).toEqual({ verdict: 'too_deep' });
  });
});

describe('for any documents and shapes', () => {
  const parse = (text: string): unknown => JSON.parse(text);

  test('what is left reads as what JavaScript would leave', () => {
    let dropped = 0;
    const property = fc.property(texts, shapes, (text, shape) => {
      const { verdict, text: left } = compileProjection(shape)(Buffer.from(text));
      expect(verdict).toBe('ok');
      // As text, which shows the order, `-0` apart, and fields named `__proto__`.
      expect(JSON.stringify(parse(left ?? text))).toBe(JSON.stringify(project(parse(text), shape)));
      if (left !== undefined) expect(left.length).toBeLessThan(text.length);
      dropped += left === undefined ? 0 : 1;
    });
    fc.assert(property, { numRuns: 3000 });
    expect(dropped).toBeGreaterThan(300);
  });

  test('keys with escapes stay for whoever reads them', () => {
    const property = fc.property(escapedTexts, shapes, (text, shape) => {
      const { verdict, text: left } = compileProjection(shape)(Buffer.from(text));
      expect(verdict).toBe('ok');
      expect(JSON.stringify(project(parse(left ?? text), shape))).toBe(JSON.stringify(project(parse(text), shape)));
    });
    fc.assert(property, { numRuns: 2000 });
  });

  test('the verdict is that of the check', () => {
    const property = fc.property(documents, shapes, limits, (bytes, shape, limited) => {
      const run = compileProjection(shape);
      for (const bounds of [unlimited, limited, { depth: 64, tokens: 1e6 }]) {
        const whole = run(bytes, bounds);
        expect(whole.verdict).toBe(checkJson(bytes, bounds));
        expect(run(toPieces(bytes), bounds)).toEqual(whole);
      }
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

test('without WebAssembly documents are checked, and nothing is dropped', async () => {
  vi.stubGlobal('WebAssembly', undefined);
  vi.resetModules();
  const module = await import('../../src/json/project.ts');
  const run = module.compileProjection(A);
  expect([run(Buffer.from('{"x":1}')), run(Buffer.from('{"x":1')), run(Buffer.of(0xff))]).toEqual([
    { verdict: 'ok' },
    { verdict: 'not_json' },
    { verdict: 'not_utf8' },
  ]);
});
