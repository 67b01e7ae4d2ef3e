import { Type } from 'typebox';
import { describe, expect, test, vi } from 'vitest';
import { compileDecode } from '../../src/engine/decode.ts';
import { decodeBody } from '../../src/http/json.ts';

const limits = { depth: 4, tokens: 100 };
const headers = { etag: '"1"' };
const decode = compileDecode(Type.Object({ id: Type.Integer() }));
const closed = compileDecode(Type.Object({ id: Type.Integer() }, { additionalProperties: false }));
const text = '{"more":[1,2],"id":7}';
const bytes = Buffer.from(text);

describe('a body of which only a part is of use', () => {
  test('is parsed without the rest, and stays whole', () => {
    const parse = vi.spyOn(JSON, 'parse');
    expect(decodeBody(bytes, headers, limits, decode)).toEqual({ status: 'ok', value: { id: 7 }, bytes, headers });
    expect(parse.mock.calls).toEqual([['{"id":7}']]);
    expect(bytes.toString()).toBe(text);
  });

  test('does not leave whole where the rest is forbidden', () => {
    expect(decodeBody(bytes, headers, limits, closed)).toMatchObject({ value: { id: 7 }, bytes: undefined });
    const whole = Buffer.from(' {"id":7} ');
    expect(decodeBody(whole, headers, limits, closed)).toMatchObject({ value: { id: 7 }, bytes: whole });
  });

  test.each(['{"more":1,"id":"x"}', '{"more":1}', '[{"more":1}]'])(
    'is described whole where it does not match: %s',
    (body) => {
      for (const each of [decode, closed]) {
        const outcome = decodeBody(Buffer.from(body), headers, limits, each);
        expect(outcome).toMatchObject({ status: 'failed', failure: { reason: 'schema' } });
        expect(outcome).toEqual(each(Buffer.from(body), headers));
      }
    },
  );
});

describe('a body', () => {
  test.each([
    ['not_json', '{"more":1,"id":7'],
    ['not_utf8', Buffer.from([0x22, 0xff, 0x22])],
    ['lone_surrogate', '{"more":"\\ud800","id":7}'],
    ['depth', '{"more":[[[[[]]]]],"id":7}'],
    ['tokens', `{"more":[${'1,'.repeat(100)}1],"id":7}`],
  ])('fails as a whole where a part of it that is not of use has a fault: %s', (reason, body) => {
    const parse = vi.spyOn(JSON, 'parse');
    const any = compileDecode(Type.Unknown());
    for (const each of [decode, any]) {
      const outcome = decodeBody(Buffer.from(body), headers, limits, each);
      expect(outcome).toMatchObject({ status: 'failed', failure: { reason } });
    }
    expect(parse).not.toHaveBeenCalled();
  });
});
