import { describe, expect, test } from 'vitest';
import { checkJson } from '../../src/json/check.ts';
import { defaultJsonLimits } from '../../src/json/verdict.ts';
import { accepted, loneSurrogates, notUtf8, refused, toBytes } from './cases.ts';
import { checks } from './checks.ts';
import { rightVerdicts, unlimited } from './oracle.ts';

const nested = (depth: number) => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`);
const nestedObjects = (depth: number) => Buffer.from(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
const numbers = (count: number) => Buffer.from(`[${Array.from({ length: count }, (_, i) => i).join(',')}]`);

const everyByte = Array.from({ length: 256 }, (_, byte) => byte);

describe.each(checks)('%s', (_name, check) => {
  const verdictOf = (text: string, limits = unlimited) => check(Buffer.from(text), limits);

  describe.each([
    ['ok', accepted],
    ['not_json', refused],
    ['not_utf8', notUtf8],
    ['lone_surrogate', loneSurrogates],
  ] as const)('says %s', (verdict, cases) => {
    test.each(cases)('%s', (_case, document) => {
      const bytes = toBytes(document);
      expect(rightVerdicts(bytes, unlimited)).toEqual([verdict]);
      expect(check(bytes, unlimited)).toBe(verdict);
    });

    test('wherever the document lies in relation to a vector', () => {
      for (const [name, document] of cases) {
        const bytes = toBytes(document);
        const shifted = Array.from({ length: 33 }, (_, spaces) => Buffer.concat([Buffer.alloc(spaces, ' '), bytes]));
        expect(new Set(shifted.map((each) => check(each, unlimited))), `${name} behind spaces`).toEqual(
          new Set([verdict]),
        );
      }
    });
  });

  /** The documents on which the check and `JSON.parse` disagree. One assertion for thousands of documents. */
  const findWrong = (documents: readonly Buffer[]) =>
    documents
      .filter((bytes) => !rightVerdicts(bytes, unlimited).includes(check(bytes, unlimited)))
      .map((bytes) => `${bytes.toString('latin1')}: ${check(bytes, unlimited)}`);

  test('agrees with JSON.parse on every byte at every place of a string', () => {
    const documents = everyByte.flatMap((byte) =>
      Array.from({ length: 35 }, (_, at) => Buffer.from(`["${'x'.repeat(34)}"]`).fill(byte, at + 1, at + 2)),
    );
    expect(findWrong(documents)).toEqual([]);
  });

  test.each([
    ['alone', '', ''],
    ['as a value', '[', ']'],
    ['as a separator', '[1', '2]'],
    ['before a key', '{', '"a":1}'],
    ['behind a key', '{"a"', '1}'],
    ['behind a minus', '[-', ']'],
  ])('agrees with JSON.parse on every byte %s', (_place, before, after) => {
    const documents = everyByte.map((byte) =>
      Buffer.concat([Buffer.from(before), Buffer.of(byte), Buffer.from(after)]),
    );
    expect(findWrong(documents)).toEqual([]);
  });

  test('does not take the rest of an earlier document for the end of this one', () => {
    const whole = '{"a":[true,false,null,-1.5e10,"\\ud83d\\ude00 text"],"b":{"c":"d"}}';
    for (let length = 0; length < whole.length; length += 1) {
      expect(verdictOf(whole)).toBe('ok');
      expect(verdictOf(whole.slice(0, length)), `${whole.slice(0, length)} alone`).toBe('not_json');
    }
    expect([verdictOf('1234'), verdictOf('12'), verdictOf('true'), verdictOf('tru')]).toEqual([
      'ok',
      'ok',
      'ok',
      'not_json',
    ]);
  });

  test('forgets the lone surrogates of an earlier document', () => {
    expect([verdictOf('"\\ud800"'), verdictOf('"a"')]).toEqual(['lone_surrogate', 'ok']);
  });

  test('reads a view from where it begins to where it ends', () => {
    const bytes = Buffer.from('xx{"a":1}xx');
    expect(check(bytes.subarray(2, 9), unlimited)).toBe('ok');
    expect(check(new Uint8Array(bytes.buffer, bytes.byteOffset + 2, 7), unlimited)).toBe('ok');
    expect(check(bytes.subarray(2, 10), unlimited)).toBe('not_json');
  });

  test('leaves the bytes as they are', () => {
    const bytes = Buffer.from('{"a":[1,"é",{}]}');
    check(bytes, unlimited);
    expect(bytes.toString()).toBe('{"a":[1,"é",{}]}');
  });

  test('takes the depth of the limit and no more', () => {
    const limits = { depth: 64, tokens: unlimited.tokens };
    const verdicts = [63, 64, 65].map((depth) => [check(nested(depth), limits), check(nestedObjects(depth), limits)]);
    expect(verdicts).toEqual([
      ['ok', 'ok'],
      ['ok', 'ok'],
      ['too_deep', 'too_deep'],
    ]);
  });

  test('counts containers that are open together, not those one after the other', () => {
    const limits = { depth: 2, tokens: unlimited.tokens };
    expect(verdictOf(`[${Array.from({ length: 100 }, () => '[],{"a":1}').join(',')}]`, limits)).toBe('ok');
    expect(verdictOf('[[],[[]]]', limits)).toBe('too_deep');
    expect([verdictOf('1', { ...limits, depth: 0 }), verdictOf('{}', { ...limits, depth: 0 })]).toEqual([
      'ok',
      'too_deep',
    ]);
  });

  test('keeps its place in very deep documents', () => {
    const mixed = Buffer.from(`${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`);
    expect(check(mixed, unlimited)).toBe('ok');
    expect(check(mixed.subarray(0, -1), unlimited)).toBe('not_json');
    expect(check(nested(100_001), { depth: 100_000, tokens: unlimited.tokens })).toBe('too_deep');
  });

  test.each([
    ['1', 1],
    ['[]', 1],
    ['{}', 1],
    ['"a"', 1],
    ['[1,2]', 3],
    ['{"a":1}', 3],
    ['{"a":1,"a":1}', 5],
    ['{"a":{"b":[true,null]}}', 7],
  ])('counts each value and each key: %s has %i', (text, tokens) => {
    expect(verdictOf(text, { depth: 64, tokens })).toBe('ok');
    expect(verdictOf(text, { depth: 64, tokens: tokens - 1 })).toBe('too_many_tokens');
  });

  test('says what comes first where several things are wrong', () => {
    const limits = { depth: 1, tokens: 3 };
    expect(verdictOf('[1,,[[]],2,3]', limits)).toBe('not_json');
    expect(verdictOf('[1,[[]],2,3,,]', limits)).toBe('too_deep');
    expect(verdictOf('[1,2,3,[],,]', limits)).toBe('too_many_tokens');
    expect(verdictOf('[[', { depth: 1, tokens: 1 })).toBe('too_many_tokens');
    expect(verdictOf('["\\ud800",2,3]', limits)).toBe('too_many_tokens');
    expect(verdictOf('["\\ud800",]', limits)).toBe('not_json');
  });

  test('a limit below zero is zero', () => {
    expect([verdictOf('1', { depth: -1, tokens: 1 }), verdictOf('[]', { depth: -1, tokens: 1 })]).toEqual([
      'ok',
      'too_deep',
    ]);
    expect(verdictOf('1', { depth: 1, tokens: -1 })).toBe('too_many_tokens');
  });
});

test('without limits of the caller, the depth is 64 and the tokens are 200,000', () => {
  expect([checkJson(nested(64)), checkJson(nested(65))]).toEqual(['ok', 'too_deep']);
  expect([checkJson(numbers(199_999)), checkJson(numbers(200_000))]).toEqual(['ok', 'too_many_tokens']);
  expect(defaultJsonLimits).toEqual({ depth: 64, tokens: 200_000 });
});
