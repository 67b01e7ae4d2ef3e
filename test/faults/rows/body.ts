import { deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { path, Type } from '../../../src/index.ts';
import { byteByByte, drip, end, flood, json, later, onRequest, raw, reset, stream } from '../behaviours.ts';
import type { Behaviour, FaultServer } from '../server.ts';
import { type Expected, type Row, rows } from './row.ts';

const type = 'content-type: application/json';
const chunked = [type, 'transfer-encoding: chunked'];
const gzip = { 'content-encoding': 'gzip' };
/** Stands in bodies that must not be quoted. */
const secret = 'sesame';
const limit = 64 * 1024;
const small = { maxBytes: limit };

const cut: Expected = { ends: 'protocol', retried: false, destroyed: true };
const invalid: Expected = { ends: 'invalid_response', retried: false, hidden: [secret] };
const tooLarge: Expected = { ends: 'too_large', retried: false };

/** Upstreams whose head is in order, and whose body is not. */
export const bodyRows: readonly Row[] = [
  ...rows(
    'byte drip; chunk drip; stops half-way',
    { ends: 'timeout', when: 'at the deadline', destroyed: true },
    {
      'byte drip': onRequest(raw([type, 'content-length: 9999']), drip(' ')),
      'chunk drip': onRequest(raw(chunked), drip('1\r\n \r\n')),
      'drip until close': onRequest(raw([type]), drip(' ')),
      'stops half-way': onRequest(raw([type, 'content-length: 9999'], '{"a":')),
      'stops between chunks': onRequest(raw(chunked, '5\r\n{"a":\r\n')),
      'stops in the trailers': onRequest(raw(chunked, '2\r\n{}\r\n0\r\nx: ')),
    },
  ),
  ...rows(
    'reset half-way',
    { ends: 'unreachable', destroyed: true },
    {
      'with a length': onRequest(raw([type, 'content-length: 9999'], '{"a":'), later(30, reset)),
      'in a chunk': onRequest(raw(chunked, '9\r\n{"a":'), later(30, reset)),
      'where only the close would end it': onRequest(raw([type], '1234'), later(30, reset)),
    },
  ),
  ...rows('shorter than Content-Length; chunked without the last chunk', cut, {
    'shorter than its length': onRequest(raw([type, 'content-length: 9'], '{"a":1}'), end),
    'shorter, and said to close': onRequest(raw([type, 'content-length: 9', 'connection: close'], '{"a":1}'), end),
    'a length and no body': onRequest(raw([type, 'content-length: 9']), end),
    'no last chunk': onRequest(raw(chunked, '7\r\n{"a":1}\r\n'), end),
    'no last chunk, and said to close': onRequest(raw([...chunked, 'connection: close'], '7\r\n{"a":1}\r\n'), end),
    'half of the last chunk': onRequest(raw(chunked, '7\r\n{"a":1}\r\n0\r\n'), end),
  }),
  ...rows('bad chunk size', cut, chunkSizes('zz', '', '-7', '0x7', ' 7', '+7', 'fffffffffffffffff')),
  ...rows('bad chunk size', cut, {
    'a chunk longer than its size': onRequest(raw(chunked, '3\r\n{"a":1}\r\n0\r\n\r\n')),
    'bare LF': onRequest(raw(chunked, '7\n{"a":1}\n0\n\n')),
  }),
  ...rows(
    'huge chunk extension',
    { ...cut, heavy: true },
    {
      'of 256 KiB': onRequest(raw(chunked, `7;a=${'b'.repeat(256 * 1024)}\r\n{"a":1}\r\n0\r\n\r\n`)),
      'without end': onRequest(raw(chunked, '7;a='), flood('b')),
      'trailers of 256 KiB': onRequest(
        raw(chunked, `7\r\n{"a":1}\r\n0\r\n${`x: ${'b'.repeat(1000)}\r\n`.repeat(256)}\r\n`),
      ),
    },
  ),
  ...rows(
    'over the byte limit, declared',
    { ...tooLarge, upstream: small, destroyed: true },
    {
      'one byte more': onRequest(json(`"${'a'.repeat(limit - 1)}"`)),
      'and never sent': onRequest(raw([type, 'content-length: 99999999999'])),
    },
  ),
  ...rows(
    'over the byte limit, not declared',
    { ...tooLarge, upstream: small, destroyed: true, check: expectStopped },
    {
      'until close': onRequest(raw([type], '"'), stream('a'.repeat(4096), 64 * limit)),
      'in chunks': onRequest(raw(chunked), stream(`fff\r\n${'a'.repeat(4095)}\r\n`, 64 * limit)),
    },
  ),
  ...rows(
    'within the byte limit',
    { ends: 'ok', upstream: small, bytes: `"${'a'.repeat(limit - 2)}"` },
    {
      'to the byte': onRequest(json(`"${'a'.repeat(limit - 2)}"`)),
      'to the byte, each in a chunk': onRequest(raw(chunked, byteByByte(`"${'a'.repeat(limit - 2)}"`))),
      'to the byte, from gzip': onRequest(json(gzipSync(`"${'a'.repeat(limit - 2)}"`), gzip)),
    },
  ),
  ...rows(
    'gzip bomb',
    { ...tooLarge, upstream: small, heavy: true },
    {
      'of 16 MiB': onRequest(json(gzipSync(`"${'a'.repeat(16 * 1024 * 1024)}"`), gzip)),
      'one byte over': onRequest(json(gzipSync(`"${'a'.repeat(limit - 1)}"`), gzip)),
    },
  ),
  ...rows('nested codings; br or any coding we did not offer; corrupt or truncated gzip', invalid, codings()),
  ...rows('empty 200; HTML with 200; NaN, comments, trailing comma, two documents', invalid, {
    empty: onRequest(json('')),
    'only white space': onRequest(json(' \n')),
    'HTML as text/html': onRequest(json(`<html>${secret}</html>`, { 'content-type': 'text/html' })),
    ...bodies(
      `<html>${secret}</html>`,
      `{"${secret}":NaN}`,
      `{"a":1}//${secret}`,
      `["${secret}",]`,
      `{"${secret}":1}{}`,
      `{"a":"${secret}`,
      secret,
      "{'a':1}",
      '{"a":01}',
      '"\t"',
      '[1',
      '+1',
      '\u00a0{}',
    ),
  }),
  ...rows(
    'application/problem+json, vendor +json, charset, upper case, no content type',
    { ends: 'ok', bytes: '{"a":1}' },
    types(),
  ),
  ...rows('not UTF-8; lone surrogates', invalid, {
    'a Latin-1 letter': onRequest(json(Buffer.from('"caf\xe9"', 'latin1'))),
    'an overlong slash': onRequest(json(Buffer.from('"\xc0\xaf"', 'latin1'))),
    'surrogates in UTF-8': onRequest(json(Buffer.from('"\xed\xa0\x80"', 'latin1'))),
    'a cut character': onRequest(json(Buffer.from('"\xe2\x82"', 'latin1'))),
    'UTF-16': onRequest(json(Buffer.from('\ufeff{"a":1}', 'utf16le'))),
    'an escaped lone surrogate': onRequest(json('"\\ud800"')),
    'an escaped pair the wrong way round': onRequest(json('"\\udc00\\ud800"')),
  }),
  ...rows(
    'a BOM is stripped',
    { ends: 'ok', bytes: '{"a":1}' },
    { 'UTF-8 with a BOM': onRequest(json('\ufeff{"a":1}')) },
  ),
  ...rows(
    '__proto__, constructor keys',
    { ends: 'ok', provider: toOpen, check: expectNoPollution },
    {
      'read by the engine': onRequest(
        json('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"healthy":true}'),
      ),
    },
  ),
  ...rows(
    'integers beyond 2^53',
    { ends: 'ok', bytes: '[12345678901234567890,1E400,1.10,-0]' },
    {
      'byte for byte the same': onRequest(json('[12345678901234567890,1E400,1.10,-0]')),
    },
  ),
  ...rows(
    'depth over 64; over 200,000 tokens',
    { ...tooLarge, heavy: true },
    {
      'depth 65': onRequest(json(nested(65))),
      'depth 65 of objects': onRequest(json('{"a":'.repeat(65) + 1 + '}'.repeat(65))),
      'depth 500,000': onRequest(json(nested(500_000))),
      'depth 500,000, never closed': onRequest(json('['.repeat(500_000))),
      '200,001 numbers': onRequest(json(`[${'1,'.repeat(200_000)}1]`)),
      '200,001 empty lists': onRequest(json(`[${'[],'.repeat(200_000)}[]]`)),
    },
  ),
  ...rows('depth of 64', { ends: 'ok', bytes: nested(64) }, { exactly: onRequest(json(nested(64))) }),
  ...rows(
    'depth in a string',
    { ends: 'ok', bytes: `"${'['.repeat(99)}\\"${'{'.repeat(99)}"` },
    {
      'brackets that are text': onRequest(json(`"${'['.repeat(99)}\\"${'{'.repeat(99)}"`)),
    },
  ),
  ...rows(
    'wrong root type; missing field; changed type',
    { ...invalid, provider: toTyped },
    bodies(
      '[]',
      'null',
      '"healthy"',
      '{}',
      '{"healthy":null}',
      '{"healthy":"true"}',
      '{"healthy":1}',
      '{"Healthy":true}',
    ),
  ),
  ...rows(
    'extra fields are dropped',
    { ends: 'ok', provider: toClosed, bytes: '{"healthy":true}' },
    {
      'beside what the schema knows': onRequest(json(`{"healthy":true,"extra":"${secret}"}`)),
    },
  ),
];

function codings(): Readonly<Record<string, Behaviour>> {
  const text = `{"${secret}":1}`;
  const zipped = gzipSync(text);
  const corrupt = Buffer.from(zipped);
  corrupt[12] = 0xff ^ (corrupt[12] ?? 0);
  const coded = (coding: string, bytes: Buffer) => onRequest(json(bytes, { 'content-encoding': coding }));
  return {
    'gzip, gzip': coded('gzip, gzip', gzipSync(zipped)),
    'gzip in gzip, said once': coded('gzip', gzipSync(zipped)),
    br: coded('br', Buffer.from(text)),
    deflate: coded('deflate', deflateSync(text)),
    zstd: coded('zstd', Buffer.from(text)),
    'a coding nobody knows': coded('rot13', Buffer.from(text)),
    'gzip that is none': coded('gzip', Buffer.from(text)),
    'corrupt gzip': coded('gzip', corrupt),
    'truncated gzip': coded('gzip', zipped.subarray(0, -6)),
    'gzip as a transfer coding': onRequest(
      raw([type, 'transfer-encoding: gzip, chunked'], `3\r\n\x1f\x8b\x08\r\n0\r\n\r\n`),
    ),
  };
}

function chunkSizes(...sizes: readonly string[]): Readonly<Record<string, Behaviour>> {
  const sized = (size: string) => onRequest(raw(chunked, `${size}\r\n{"a":1}\r\n0\r\n\r\n`));
  return Object.fromEntries(sizes.map((size) => [`size "${size}"`, sized(size)]));
}

function types(): Readonly<Record<string, Behaviour>> {
  const good = [
    'application/problem+json',
    'application/vnd.a.v2+json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    undefined,
  ];
  return Object.fromEntries(
    good.map((value) => [String(value), onRequest(json('{"a":1}', { 'content-type': value }))]),
  );
}

/** A behaviour for each body, named by it. */
function bodies(...texts: readonly string[]): Readonly<Record<string, Behaviour>> {
  return Object.fromEntries(texts.map((text) => [text, onRequest(json(text))]));
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

const request = () => ({ path: path`/` });
const healthy = { healthy: Type.Boolean() };

function toTyped(upstream: Parameters<NonNullable<Row['provider']>>[0]) {
  return upstream.provider({ name: 'typed', output: Type.Object(healthy), request });
}

/** Splicing passes fields that the schema does not name, unless it forbids them: see docs/decisions/bytes-and-extra-fields.md. */
function toClosed(upstream: Parameters<NonNullable<Row['provider']>>[0]) {
  return upstream.provider({ name: 'closed', output: Type.Object(healthy, { additionalProperties: false }), request });
}

function toOpen(upstream: Parameters<NonNullable<Row['provider']>>[0]) {
  return upstream.provider({ name: 'open', output: Type.Object(healthy, { additionalProperties: true }), request });
}

/** What was on its way when the limit was passed may be a little more. */
function expectStopped(_answer: unknown, server: FaultServer | undefined): void {
  expect(server?.sent).toBeGreaterThan(limit);
  expect(server?.sent).toBeLessThan(limit + 64 * 1024 + 32 * 1024);
}

function expectNoPollution(): void {
  expect('polluted' in {}).toBe(false);
}
