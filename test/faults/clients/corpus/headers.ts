import { type CorpusRow, get, good, head, hidden, post, reachedAdd, reachedGood } from './row.ts';

const closed = (name: string, bytes: string, status = 400): CorpusRow => ({
  name,
  bytes: bytes + hidden,
  statuses: [status],
  after: 'closed',
});

/** Fields that change nothing. */
const ignored = (name: string, ...fields: readonly string[]): CorpusRow => ({
  name,
  bytes: get('/v1/items/good', ...fields) + good,
  statuses: [200, 200],
  after: 'open',
  handled: [reachedGood, reachedGood],
});

/** A body that is not read as JSON. */
const unread = (name: string, bytes: string, status: number): CorpusRow => ({
  name,
  bytes: bytes + good,
  statuses: [status, 200],
  after: 'open',
  handled: [reachedGood],
});

const withType = (type: string, body = '{}') =>
  head('POST /v1/items HTTP/1.1', ...(type ? [`Content-Type: ${type}`] : []), `Content-Length: ${body.length}`) + body;

/** A body that breaks off: Fastify closes behind it. */
const noJson = (name: string, body: string): CorpusRow => ({
  name,
  bytes: withType('application/json', body),
  statuses: [400],
  after: 'closed',
});

/** Taken, with a body of `{}`. */
const read = (name: string, bytes: CorpusRow['bytes']): CorpusRow => ({
  name,
  bytes: [bytes].flat().concat(good),
  statuses: [200, 200],
  after: 'open',
  handled: [reachedAdd, reachedGood],
});

/** Answered, and nothing more is taken. */
const last = (name: string, ...more: readonly string[]): CorpusRow => ({
  name,
  bytes: get('/v1/items/good', ...more) + hidden,
  statuses: [200],
  after: 'closed',
  handled: [reachedGood],
});

const fields = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}: 1`);

/** What stands in a head beside how the body is framed. */
export const headerRows: readonly CorpusRow[] = [
  closed('folded', get('/v1/items/a', 'a: b', ' c')),
  closed('folded by a tab', get('/v1/items/a', 'a: b', '\tc')),
  closed('a space before the colon', get('/v1/items/a', 'a : b')),
  closed('a tab before the colon', get('/v1/items/a', 'a\t: b')),
  closed('no colon', get('/v1/items/a', 'a')),
  closed('no name', get('/v1/items/a', ': b')),
  closed('a name in brackets', get('/v1/items/a', '[a]: b')),
  closed('a name over 127', get('/v1/items/a', '\xe4: b')),
  closed('NUL in a name', get('/v1/items/a', 'a\0: b')),
  closed('NUL in a value', get('/v1/items/a', 'a: b\0c')),
  closed('a control character in a value', get('/v1/items/a', 'a: b\x01c')),
  closed('CR in a value', get('/v1/items/a', 'a: b\rc')),
  closed('lines that end by LF', good.replaceAll('\r\n', '\n')),
  closed('lines that end by CR', `${good.replaceAll('\r\n', '\r')}\r\n\r\n`),
  closed('101 fields', get('/v1/items/a', ...fields(100)), 431),
  closed('5,000 fields', get('/v1/items/a', ...fields(5_000)), 431),
  closed('over 16 KiB in one field', get('/v1/items/a', `a: ${'b'.repeat(16_400)}`), 431),
  closed('over 16 KiB in many', get('/v1/items/a', ...Array.from({ length: 90 }, () => `a: ${'b'.repeat(190)}`)), 431),
  closed('over 64 KiB', get('/v1/items/a', `a: ${'b'.repeat(70_000)}`), 431),
  closed('an unknown expectation', get('/v1/items/a', 'Expect: x'), 417),
  closed('an empty expectation', get('/v1/items/a', 'Expect: '), 417),
  ignored('100 fields', ...fields(99)),
  ignored('Connection: authorization', 'Connection: authorization, x-request-id', 'Authorization: x'),
  ignored('Connection: host', 'Connection: host, content-length'),
  ignored('Keep-Alive', 'Keep-Alive: timeout=99999, max=0'),
  ignored('TE', 'TE: trailers, gzip;q=0.5', 'Connection: TE'),
  ignored('X-Forwarded-*', 'X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Host: evil', 'X-Forwarded-Proto: https'),
  ignored('Forwarded', 'Forwarded: for=127.0.0.1;host=evil;proto=https', 'X-Real-IP: 127.0.0.1'),
  ignored('another method', 'X-HTTP-Method-Override: DELETE', 'X-Method-Override: DELETE'),
  ignored('another URL', 'X-Original-URL: /livez', 'X-Rewrite-URL: /livez'),
  ignored('__proto__', '__proto__: 1', 'constructor: 1', 'hasOwnProperty: 1', 'toString: 1'),
  ignored('ranges', 'Range: bytes=0-0', 'If-Range: a'),
  ignored('a value over 127', 'a: \xff\xfe'),
  ignored('an empty value', 'a:', 'b: '),
  ignored('a bad traceparent', 'traceparent: 00-00000000000000000000000000000000-0000000000000000-01'),
  ignored('two traceparents', `traceparent: 00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`, 'traceparent: x'),
  ignored('a request id of 10 KB', `x-request-id: ${'a'.repeat(10_000)}`),
  ignored('a request id that would inject', 'x-request-id: a" onload="b'),
  ignored('a bad preference', 'Prefer: wait=-1, handling=maybe, wait=9e9'),
  unread('no content type', withType(''), 415),
  unread('text', withType('text/plain'), 415),
  unread('a form', withType('application/x-www-form-urlencoded', 'a=1'), 415),
  unread('multipart', withType('multipart/form-data; boundary=a'), 415),
  unread('XML', withType('application/xml', '<a/>'), 415),
  unread('a type that is none', withType('json'), 415),
  unread('two types', withType('application/json, text/plain'), 415),
  unread('gzip', post('{}', 'Content-Encoding: gzip', 'Content-Length: 2'), 415),
  unread('identity', post('{}', 'Content-Encoding: identity', 'Content-Length: 2'), 415),
  noJson('no JSON', '{"a":'),
  noJson('an empty body', ''),
  noJson('two documents', '{}{}'),
  noJson('a poisoned prototype', '{"__proto__":{}}'),
  noJson('a poisoned constructor', '{"constructor":{"prototype":{}}}'),
  noJson('deep', '['.repeat(100_000)),
  unread('the wrong type', withType('application/json', '{"a":"1"}'), 400),
  unread('an array', withType('application/json', '[]'), 400),
  unread('bytes that are no text', withType('application/json', '{"a":"\xff"}'), 400),
  read('a type with parameters', withType('Application/JSON; charset=UTF-8')),
  read('a charset, which JSON does not have', withType('application/json; charset=utf-16')),
  read('Expect: 100-continue', [post('', 'Expect: 100-continue', 'Content-Length: 2'), '{}']),
  last('Connection: close', 'Connection: close'),
  last('Connection: CLOSE among others', 'Connection: foo, CLOSE'),
  last('Proxy-Connection: close', 'Proxy-Connection: close'),
  last('an upgrade', 'Connection: upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: a', 'Sec-WebSocket-Version: 13'),
  last('h2c', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
];
