import { type TSchema, Type } from 'typebox';
import { describe, expect, test, vi } from 'vitest';
import { compileCheck, compileDecode, compileSelectedDecode } from '../../src/engine/decode.ts';
import { compileSelection } from '../../src/engine/selection.ts';

const Item = Type.Object({ id: Type.String(), price: Type.Number() });
const Closed = Type.Object({ id: Type.String(), price: Type.Number() }, { additionalProperties: false });
const decode = (schema: TSchema, text: string) => compileDecode(schema)(Buffer.from(text), { etag: '"1"' });

describe('bytes that match', () => {
  test('give the value, stripped, and stay with it as they are', () => {
    const text = ' {"price": 1.0, "id":"a", "more":12345678901234567890}\n';
    const outcome = decode(Item, text);
    expect(outcome).toEqual({
      status: 'ok',
      value: { price: 1, id: 'a' },
      bytes: Buffer.from(text),
      headers: { etag: '"1"' },
    });
  });

  test('are the very buffer that came', () => {
    const bytes = Buffer.from('[1]');
    const outcome = compileDecode(Type.Unknown())(bytes, {});
    expect(outcome.status === 'ok' && outcome.bytes).toBe(bytes);
  });

  test('are not passed on with fields that the schema forbids', () => {
    expect(decode(Closed, '{"id":"a","price":1,"more":2}')).toMatchObject({
      value: { id: 'a', price: 1 },
      bytes: undefined,
    });
    expect(decode(Type.Array(Closed), '[{"id":"a","price":1,"more":2}]')).toMatchObject({ bytes: undefined });
    const both = Type.Intersect([Item, Type.Object({ name: Type.String() })], { unevaluatedProperties: false });
    expect(decode(both, '{"id":"a","price":1,"name":"n","more":2}')).toMatchObject({ bytes: undefined });
  });

  test.each<[string, TSchema]>([
    ['an object', Closed],
    ['that or null', Type.Union([Closed, Type.Null()])],
    ['a union', Type.Union([Closed, Type.Object({ other: Type.String() })])],
  ])('are passed on when a closed schema (%s) finds nothing to forbid', (_what, schema) => {
    const text = '{"id":"a", "price":12345678901234567890}';
    expect(decode(schema, text)).toMatchObject({ status: 'ok', bytes: Buffer.from(text) });
  });

  test('are parsed when the value is read, and once, where the schema takes anything', () => {
    const parse = vi.spyOn(JSON, 'parse');
    const outcome = decode(Type.Unknown(), '{"a":[1]}');
    expect(parse).not.toHaveBeenCalled();

    const read = () => outcome.status === 'ok' && outcome.value;
    expect(read()).toEqual({ a: [1] });
    expect(read()).toBe(read());
    expect(parse).toHaveBeenCalledOnce();
  });

  test('may be any JSON where the schema takes anything', () => {
    for (const text of ['null', '0', '"x"', '[]', '{"__proto__":{"admin":true}}']) {
      expect(decode(Type.Unknown(), text)).toMatchObject({ status: 'ok', bytes: Buffer.from(text) });
      expect(decode(Type.Any(), text)).toMatchObject({ status: 'ok' });
    }
    expect({}).not.toHaveProperty('admin');
  });
});

describe('bytes that do not', () => {
  test.each(['', '{', '<html>secret</html>', '{"a":NaN}', '[1,]', '{} {}', '// c\n1', "{'a':1}"])(
    'are no JSON: %j',
    (text) => {
      const outcome = decode(Item, text);
      expect(outcome).toEqual({
        status: 'failed',
        failure: { code: 'invalid_response', message: 'the answer is not JSON', reason: 'not_json' },
      });
    },
  );

  test.each([
    ['null', '/: type'],
    ['[]', '/: type'],
    ['{"id":"a"}', '/: required'],
    ['{"id":7,"price":1}', '/id: type'],
  ])('have another shape: %s', (text, cause) => {
    expect(decode(Item, text)).toMatchObject({
      status: 'failed',
      failure: { code: 'invalid_response', message: 'the answer does not match its schema', reason: 'schema' },
    });
    expect(decode(Item, text)).toHaveProperty('failure.cause', expect.stringContaining(cause));
  });

  test('are described for the log without their values, in five facts at most', () => {
    const items = JSON.stringify(Array.from({ length: 50 }, () => ({ id: 'a', price: 'secret' })));
    const outcome = decode(Type.Array(Item), items);
    const cause = outcome.status === 'failed' ? String(outcome.failure.cause) : '';
    expect(cause.split(', ')).toHaveLength(5);
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });
});

describe('a value that did not come as bytes', () => {
  test('is checked and stripped the same way', () => {
    const check = compileCheck(Item);
    const value = { id: 'a', price: 1 };
    expect(check(value)).toEqual({ status: 'ok', value });
    expect(check({ ...value, more: 1 })).toEqual({ status: 'ok', value });
    expect(check({ id: 'a' })).toMatchObject({ status: 'failed', failure: { code: 'invalid_response' } });
    expect(check(undefined)).toMatchObject({ status: 'failed' });
  });
});

describe('bytes of which a template takes a part', () => {
  const headers = { etag: '"1"' };
  const selection = compileSelection(
    Item,
    { as: 'it', taken: new Map([['id', { as: 'name', taken: 'all' }]]) },
    'here',
  );
  const decode = compileSelectedDecode(Item, selection);
  const bytes = Buffer.from('{"more":1,"price":2,"id":"a"}');

  test('are not parsed where the transport has selected, before somebody reads the value', () => {
    const parse = vi.spyOn(JSON, 'parse');
    const selected = Buffer.from('"name":"a"');
    const outcome = decode(bytes, headers, undefined, selected);
    expect(outcome).toMatchObject({ status: 'ok', headers });
    expect(outcome.status === 'ok' && outcome.selected).toBe(selected);
    expect(parse).not.toHaveBeenCalled();

    const read = () => outcome.status === 'ok' && outcome.value;
    expect(read()).toStrictEqual({ price: 2, id: 'a' });
    expect(read()).toBe(read());
    expect(parse).toHaveBeenCalledOnce();
  });

  test('are checked and selected here, where it has not', () => {
    const selected = Buffer.from('"it":{"name":"a"}');
    expect(decode(bytes, headers)).toEqual({ status: 'ok', value: { price: 2, id: 'a' }, selected, headers });
    const projected = '{"price":2,"id":"a"}';
    expect(decode(bytes, headers, projected)).toEqual(decode(bytes, headers));
  });

  test('fail as they would without a template, and are described whole', () => {
    for (const text of ['', '{"id":7,"price":1}', '[]']) {
      const broken = Buffer.from(text);
      expect(decode(broken, headers)).toEqual(compileDecode(Item)(broken, headers));
    }
    const broken = Buffer.from('{"more":1,"id":7,"price":1}');
    expect(decode(broken, headers, '{"id":7,"price":1}')).toEqual(compileDecode(Item)(broken, headers));
  });

  test('say what of them is of use: a form, or else a shape', () => {
    expect({ ...decode }).toEqual({ form: selection.form, shape: 'any' });
    const Limited = Type.Object({ id: Type.Integer({ minimum: 0 }) });
    const limited = compileSelection(Limited, { as: 'it', taken: 'all' }, 'here');
    expect({ ...compileSelectedDecode(Limited, limited) }).toEqual({
      form: undefined,
      shape: { fields: { id: 'any' }, isOpen: false },
    });
  });
});
