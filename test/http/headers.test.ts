import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { path } from '../../src/engine/path.ts';
import { HeaderError, isJson, toHeaders, toRetryAfterMs } from '../../src/http/headers.ts';

describe('a content type that says JSON', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="utf-8"',
    ' APPLICATION/JSON\t;',
    'text/json',
    'application/problem+json',
    'application/vnd.api.v2+json; profile=x',
    'application/vnd.git-hub_v3.raw+json',
  ])('%s', (type) => {
    expect(isJson(type)).toBe(true);
  });

  test.each([
    '',
    'text/html',
    'text/plain',
    'application/jsonp',
    'application/json-seq',
    'application/xjson',
    'application/+json',
    'application/xml+json2',
    'application/javascript',
    'json',
    'image/json',
    'text/html; x=application/json',
    'application/json, text/html',
  ])('not %s', (type) => {
    expect(isJson(type)).toBe(false);
  });

  test('not when it is said twice', () => {
    expect(isJson(['application/json', 'application/json'])).toBe(false);
  });
});

describe('Retry-After', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 12, 0, 0) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    ['seconds', '7', 7_000],
    ['none', '0', 0],
    ['leading zeros', '007', 7_000],
    ['at the limit', '60', 60_000],
    ['beyond the limit', '61', 60_000],
    ['huge', '9'.repeat(400), 60_000],
    ['a date', 'Sun, 22 Nov 2026 12:00:05 GMT', 5_000],
    ['a date now', 'Sun, 22 Nov 2026 12:00:00 GMT', 0],
    ['a date that has passed', 'Sun, 22 Nov 2026 11:59:59 GMT', 0],
    ['a date long ago', 'Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['a date far away', 'Fri, 31 Dec 9999 23:59:59 GMT', 60_000],
  ])('%s', (_name, field, ms) => {
    expect(toRetryAfterMs(field)).toBe(ms);
  });

  test.each([
    ['absent', undefined],
    ['empty', ''],
    ['negative', '-1'],
    ['signed', '+1'],
    ['a fraction', '1.5'],
    ['hexadecimal', '0x10'],
    ['an exponent', '1e3'],
    ['with a unit', '5s'],
    ['with a space', ' 5'],
    ['other digits', '٥'],
    ['infinite', 'Infinity'],
    ['twice', ['1', '2']],
    ['twice in one', '1, 2'],
    ['an ISO date', '2026-11-22T12:00:05Z'],
    ['an RFC 850 date', 'Sunday, 22-Nov-26 12:00:05 GMT'],
    ['an asctime date', 'Sun Nov 22 12:00:05 2026'],
    ['a date elsewhere', 'Sun, 22 Nov 2026 12:00:05 CET'],
    ['a date that never is', 'Mon, 30 Feb 2026 12:00:05 GMT'],
    ['another day of the week', 'Mon, 22 Nov 2026 12:00:05 GMT'],
    ['a second too many', 'Sun, 22 Nov 2026 12:00:60 GMT'],
    ['a year', '2026-11'],
  ])('%s is as if it were absent', (_name, field) => {
    expect(toRetryAfterMs(field)).toBeUndefined();
  });

  test('of any text is nothing or a wait within its range', () => {
    const digits = fc.stringMatching(/^[0-9]{1,30}$/);
    const dates = fc.date({ noInvalidDate: true }).map((date) => date.toUTCString());
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), digits, dates, fc.array(digits)), (field) => {
        const ms = toRetryAfterMs(field);
        if (ms !== undefined) expect(ms >= 0 && ms <= 60_000).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the headers of a request', () => {
  const parts = { method: 'GET', idempotent: true, path: path`/` } as const;
  const own = { 'accept-encoding': 'gzip', traceparent: 't' };
  const toRecord = (list: readonly string[] | undefined) =>
    Object.fromEntries((list ?? []).flatMap((name, i, all) => (i % 2 === 0 ? [[name, all[i + 1]]] : [])));

  test('are the transport`s own and those of the provider', () => {
    const headers = { 'X-Key': 'a\tb', Accept: undefined, authorization: 'Bearer é' };
    expect(toRecord(toHeaders({ ...parts, headers }, 't'))).toEqual({
      ...own,
      accept: 'application/json',
      'x-key': 'a\tb',
      authorization: 'Bearer é',
    });
  });

  test('ask for JSON, and say it of a body, unless the provider says otherwise', () => {
    expect(toRecord(toHeaders({ ...parts, body: 1 }, 't'))).toEqual({
      ...own,
      accept: 'application/json',
      'content-type': 'application/json',
    });
    const headers = { Accept: 'application/vnd.api+json', 'Content-Type': 'application/merge-patch+json' };
    expect(toRecord(toHeaders({ ...parts, headers, body: 1 }, 't'))).toEqual({
      ...own,
      accept: 'application/vnd.api+json',
      'content-type': 'application/merge-patch+json',
    });
  });

  test.each(
    'Accept-Encoding Connection Content-Length Expect Host Keep-Alive Proxy-Connection TE Trailer Transfer-Encoding Traceparent Upgrade'.split(
      ' ',
    ),
  )('%s is not the provider`s to send', (name) => {
    for (const given of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect(() => toHeaders({ ...parts, headers: { [given]: 'x' } }, 't')).toThrow(HeaderError);
    }
  });

  test('are what is forwarded of the client`s beside, but for what the provider sets itself', () => {
    const headers = { Authorization: 'own', 'x-key': 'cookie' };
    const forwarded = { authorization: 'client', cookie: 'a=b', accept: 'text/plain' };
    const expected = 'accept-encoding gzip traceparent t authorization own x-key cookie cookie a=b accept text/plain';
    expect(toHeaders({ ...parts, headers }, 't', forwarded)?.join(' ')).toBe(expected);
  });

  test('cannot be made of a forwarded value that no field can have', () => {
    expect(toHeaders(parts, 't', { cookie: 'a\r\nb: c' })).toBeUndefined();
  });

  test.each(['', 'a b', 'a:b', 'a\r\n', 'é', 'a"', '(a)', 'a/b'])('%j is no name', (name) => {
    expect(() => toHeaders({ ...parts, headers: { [name]: 'x' } }, 't')).toThrow(HeaderError);
  });

  test.each(['a\r\nb: c', 'a\n', '\0', '\u007f', '\u0100', '😀', '\ud800', '\u0001'])('%j is no value', (value) => {
    expect(toHeaders({ ...parts, headers: { a: value } }, 't')).toBeUndefined();
  });

  test('plain JavaScript that gives no text is told so', () => {
    for (const value of [1, null, {}, ['a']]) {
      const headers = JSON.parse(JSON.stringify({ a: value }));
      expect(() => toHeaders({ ...parts, headers }, 't')).toThrow('the value of the header "a" is not text');
    }
  });
});
