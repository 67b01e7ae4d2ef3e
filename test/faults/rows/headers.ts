import { expect } from 'vitest';
import { path, Type } from '../../../src/index.ts';
import { drip, end, flood, json, later, onAccept, onRequest, raw, reset } from '../behaviours.ts';
import type { Behaviour } from '../server.ts';
import { type Row, rows } from './row.ts';

const body = '{"first":true}';
const length = `content-length: ${body.length}`;
const type = 'content-type: application/json';
/** A whole answer with some more header lines. */
const whole = (...lines: readonly string[]): string => raw([type, length, ...lines], body);
/** An answer that must never be anybody's. */
const evil = json('{"evil":true}');
const noEvil = ['evil'];

/** Upstreams that connect, and get the head of their answer wrong. */
export const headerRows: readonly Row[] = [
  ...rows(
    'accepts, then nothing; partial status line, then nothing; header drip',
    { ends: 'timeout', when: 'at the deadline', destroyed: true },
    {
      'accepts, then nothing': onRequest(),
      'partial status line, then nothing': onRequest('HTTP/1.1 20'),
      'partial header, then nothing': onRequest('HTTP/1.1 200 OK\r\ncontent-ty'),
      'header drip': onRequest('HTTP/1.1 200 OK\r\nx: ', drip('a')),
      'status line without end': onRequest('HTTP/1.1 200 ', drip('a'.repeat(100))),
    },
  ),
  ...rows(
    'closes at once; resets after the request',
    { ends: 'unreachable', destroyed: true },
    {
      'closes after the request': onRequest(end),
      'resets after the request': onRequest(reset),
    },
  ),
  ...rows(
    'closes in the head',
    { ends: ['unreachable', 'protocol'], destroyed: true },
    {
      'closes in the status line': onRequest('HTTP/1.1 20', end),
      'closes in a header': onRequest('HTTP/1.1 200 OK\r\ncontent-ty', end),
      'resets in a header': onRequest('HTTP/1.1 200 OK\r\ncontent-ty', later(30, reset)),
    },
  ),
  ...rows(
    'endless 1xx',
    { ends: ['timeout', 'protocol'], when: 'by the deadline', destroyed: true, heavy: true },
    {
      'flood of 102': onRequest(flood('HTTP/1.1 102 Processing\r\n\r\n')),
      'flood of 100': onRequest(flood('HTTP/1.1 100 Continue\r\n\r\n')),
      'drip of 102': onRequest(drip('HTTP/1.1 102 Processing\r\n\r\n')),
      '17 of 103, then an answer': onRequest('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(17), whole()),
    },
  ),
  ...rows(
    'unsolicited 100 Continue',
    { ends: 'ok', bytes: body },
    {
      'a lone 100, then the answer': onRequest('HTTP/1.1 100 Continue\r\n\r\n', whole()),
      'a lone 100, and the answer later': onRequest('HTTP/1.1 100 Continue\r\n\r\n', later(30, whole())),
      'a lone 103, then the answer': onRequest('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', whole()),
    },
  ),
  ...rows(
    '101 nobody asked for; status 0, 99, 600, 999',
    { ends: 'protocol', retried: false, destroyed: true },
    {
      '101': onRequest('HTTP/1.1 101 Switching Protocols\r\n\r\n', evil),
      '101 to another protocol': onRequest(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
      ),
      ...statuses('0', '000', '99', '099', '199', '600', '999', '1000', '-1', '2xx', ''),
    },
  ),
  ...rows(
    'garbage; TLS bytes on a plain port; bare LF; folded header; NUL in a value',
    { ends: 'protocol', retried: false, destroyed: true },
    {
      garbage: onRequest('\x00\x01garbage\r\n\r\n'),
      'HTML without a head': onRequest('<html>Bad gateway</html>', end),
      'a JSON body without a head': onRequest(body, end),
      'a TLS alert': onRequest(Buffer.from([21, 3, 1, 0, 2, 2, 70]), end),
      'an SSH banner before the request': onAccept('SSH-2.0-OpenSSH_9.2\r\n'),
      'bare LF everywhere': onRequest(whole().replaceAll('\r\n', '\n')),
      'bare LF after a header': onRequest(whole('x: a\ny: b')),
      'bare CR in a value': onRequest(whole('x: a\rb')),
      'header folded with a space': onRequest(whole('x: a', ' b')),
      'header folded with a tab': onRequest(whole('x: a', '\tb')),
      'NUL in a value': onRequest(whole('x: a\0b')),
      'NUL in a name': onRequest(whole('x\0y: b')),
      'control character in a value': onRequest(whole('x: a\x01b')),
      'space before the colon': onRequest(whole('x : a')),
      'no colon': onRequest(whole('nonsense')),
      'no name': onRequest(whole(': a')),
      'HTTP/3.7': onRequest(whole().replace('HTTP/1.1', 'HTTP/3.7')),
    },
  ),
  ...rows(
    'headers over 16 KiB; over 100 headers',
    { ends: 'protocol', retried: false, destroyed: true },
    {
      'one value of 17 KiB': onRequest(whole(`x: ${'a'.repeat(17 * 1024)}`)),
      '101 headers': onRequest(whole(...Array.from({ length: 99 }, (_, index) => `x-${index}: a`))),
      '1,000 headers of one name': onRequest(whole(...Array.from({ length: 1_000 }, () => 'x: a'))),
    },
  ),
  ...rows(
    'headers over 16 KiB; over 100 headers',
    { ends: 'protocol', retried: false, destroyed: true, heavy: true },
    {
      'a value without end': onRequest('HTTP/1.1 200 OK\r\nx: ', flood('a')),
      'headers without end': onRequest('HTTP/1.1 200 OK\r\n', flood(`x-a: ${'b'.repeat(100)}\r\n`)),
      'short headers without end': onRequest('HTTP/1.1 200 OK\r\n', flood('x-a: b\r\n')),
    },
  ),
  ...rows(
    'headers within 16 KiB and 100',
    { ends: 'ok', bytes: body },
    {
      '100 headers': onRequest(whole(...Array.from({ length: 98 }, (_, index) => `x-${index}: a`))),
      'one value of 15 KiB': onRequest(whole(`x: ${'a'.repeat(15 * 1024)}`)),
    },
  ),
  ...rows(
    'a header named __proto__ or constructor',
    { ends: 'ok', bytes: body, check: expectNoPollution },
    {
      __proto__: onRequest(whole('__proto__: polluted', '__proto__: twice')),
      constructor: onRequest(whole('constructor: polluted', 'prototype: polluted', 'hasOwnProperty: polluted')),
    },
  ),
  ...rows(
    'two Content-Length; Content-Length with Transfer-Encoding; negative or signed length',
    { ends: 'protocol', retried: false, destroyed: true },
    {
      'two, equal': onRequest(whole(length)),
      'two, different': onRequest(whole('content-length: 1')),
      'a list': onRequest(raw([type, `${length}, ${body.length}`], body)),
      'Content-Length, then Transfer-Encoding': onRequest(
        raw([type, length, 'transfer-encoding: chunked'], `e\r\n${body}\r\n0\r\n\r\n`),
      ),
      'Transfer-Encoding, then Content-Length': onRequest(
        raw([type, 'transfer-encoding: chunked', length], `e\r\n${body}\r\n0\r\n\r\n`),
      ),
      ...lengths('-1', '+14', '0xe', '14.0', '', '14 14', '18446744073709551616'),
    },
  ),
  ...rows(
    'no length, no chunking, ends by close',
    { ends: 'ok', bytes: body, destroyed: true },
    {
      'a whole answer, then close': onRequest(raw([type], body), end),
      'the same, said so': onRequest(raw([type, 'connection: close'], body), end),
      'HTTP/1.0': onRequest(raw([type], body).replace('1.1', '1.0'), end),
    },
  ),
  ...rows(
    '204, 205, 304 with a body',
    { ends: 'invalid_response', destroyed: true, hidden: noEvil },
    {
      '204 with a body': onRequest(json('{"evil":true}', {}, '204 No Content')),
      '205 with a body': onRequest(json('{"evil":true}', {}, '205 Reset Content')),
      '304 with a body': onRequest(json('{"evil":true}', {}, '304 Not Modified')),
      '205 with a second answer': onRequest(raw(['content-length: 0'], '', '205 Reset Content'), evil),
      '304 with a second answer': onRequest(raw([], '', '304 Not Modified'), evil),
    },
  ),
  ...rows(
    '204, 205, 304 with a body',
    { ends: 'ok', bytes: 'null', destroyed: true, hidden: noEvil },
    {
      '204 with a second answer': onRequest(raw([], '', '204 No Content'), evil),
    },
  ),
  ...rows(
    'HEAD with a body',
    { ends: 'invalid_response', next: 'invalid_response', destroyed: true, hidden: noEvil, provider: toHead },
    {
      'a body for HEAD': onRequest(evil),
      'a second answer for HEAD': onRequest(raw([type, 'content-length: 14']), evil),
    },
  ),
  ...rows(
    'two answers to one request',
    { ends: 'ok', bytes: body, destroyed: true, hidden: noEvil },
    {
      'in one packet': onRequest(whole() + evil.toString()),
      'the second a little later': onRequest(whole(), later(20, evil)),
      'more bytes than announced': onRequest(`${whole()}surplus`),
      'more bytes than announced, later': onRequest(whole(), later(20, 'surplus')),
    },
  ),
  ...rows(
    'Set-Cookie, Location, CORS, CSP, hop-by-hop and any other header',
    { ends: 'ok', bytes: body, check: expectNoForeignHeaders },
    {
      'all of them': onRequest(whole(...foreign().map((name) => `${name}: foreign`), 'set-cookie: b=foreign')),
    },
  ),
];

function statuses(...codes: readonly string[]): Readonly<Record<string, Behaviour>> {
  return Object.fromEntries(
    codes.map((code) => [`status "${code}"`, onRequest(raw([type, length], body, `${code} Odd`))]),
  );
}

function lengths(...values: readonly string[]): Readonly<Record<string, Behaviour>> {
  return Object.fromEntries(
    values.map((value) => [`length "${value}"`, onRequest(raw([type, `content-length: ${value}`], body))]),
  );
}

function toHead(upstream: Parameters<NonNullable<Row['provider']>>[0]) {
  return upstream.provider({
    name: 'head',
    method: 'HEAD',
    output: Type.Unknown(),
    request: () => ({ path: path`/` }),
  });
}

function expectNoPollution(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect('polluted' in {}).toBe(false);
}

function foreign(): readonly string[] {
  return `set-cookie location access-control-allow-origin access-control-allow-credentials content-security-policy
    strict-transport-security server via x-powered-by etag last-modified age cache-control vary link refresh www-authenticate
    proxy-authenticate server-timing x-request-id x-aggregate-complete traceparent warning alt-svc clear-site-data x-anything`.split(
    /\s+/,
  );
}

function expectNoForeignHeaders({ headers }: Parameters<NonNullable<Row['check']>>[0]): void {
  expect(Object.entries(headers).filter(([, value]) => String(value).includes('foreign'))).toEqual([]);
}
