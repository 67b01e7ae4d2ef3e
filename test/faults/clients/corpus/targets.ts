import { type CorpusRow, get, good, head, hidden, reachedGood } from './row.ts';

const closed = (name: string, line: string, status = 400): CorpusRow => ({
  name,
  bytes: head(line) + hidden,
  statuses: [status],
  after: 'closed',
});

/** A URL that no route has. */
const unknown = (name: string, target: string): CorpusRow => ({
  name,
  bytes: get(target) + good,
  statuses: [404, 200],
  after: 'open',
  handled: [reachedGood],
});

const line = (target: string, version = 'HTTP/1.1') => `GET ${target} ${version}`;

/** What is asked for (RFC 9112, 3), and in which version. */
export const targetRows: readonly CorpusRow[] = [
  closed('absolute form', line('http://api.example.com/v1/items/good')),
  closed('absolute form of another host', line('http://169.254.169.254/latest/meta-data')),
  closed('absolute form of another scheme', line('file:///etc/passwd')),
  closed('authority form', line('api.example.com:443')),
  closed('an asterisk', 'OPTIONS * HTTP/1.1'),
  closed('an asterisk for GET', line('*')),
  closed('a name without slash', line('v1/items/good')),
  closed('a query without path', line('?q=1')),
  closed('nothing', 'GET HTTP/1.1'),
  closed('nothing between two spaces', 'GET  HTTP/1.1'),
  closed('a space inside', line('/v1/items/a b')),
  closed('a tab behind', line('/v1/items/a\t')),
  closed('NUL inside', line('/v1/items/a\0')),
  closed('CR inside', line('/v1/items/a\rb')),
  closed('LF inside', line('/v1/items/a\nb')),
  closed('HTTP/0.9', 'GET /v1/items/good'),
  closed('HTTP/0.9 in words', line('/v1/items/good', 'HTTP/0.9')),
  closed('HTTP/1.2', line('/v1/items/good', 'HTTP/1.2')),
  closed('HTTP/2.0', line('/v1/items/good', 'HTTP/2.0')),
  closed('HTTP/11.1', line('/v1/items/good', 'HTTP/11.1')),
  closed('http/1.1', line('/v1/items/good', 'http/1.1')),
  closed('HTTP/1.1 with a space behind', line('/v1/items/good', 'HTTP/1.1 ')),
  closed('another protocol', line('/v1/items/good', 'ICAP/1.1')),
  closed('SIP', 'OPTIONS sip:a@b SIP/2.0'),
  closed('over 8 KiB', line(`/v1/items?q=${'a'.repeat(8_181)}`), 414),
  closed('over 16 KiB', line(`/${'a'.repeat(20_000)}`), 414),
  closed('over 64 KiB', line(`/${'a'.repeat(80_000)}`), 414),
  {
    name: '8 KiB',
    bytes: get(`/v1/items?q=${'a'.repeat(8_180)}`) + good,
    statuses: [200, 200],
    after: 'open',
    handled: [{ route: 'list' }, reachedGood],
  },
  unknown('the root', '/'),
  unknown('a slash too many at the end', '/v1/items/a/'),
  unknown('a slash too many at the start', '//v1/items/a'),
  unknown('a host in the path', '//evil.example.com/v1/items/a'),
  unknown('dot segments', '/v1/./items/a'),
  unknown('dot segments upwards', '/v1/items/../items/a'),
  unknown('dot segments to a file', '/../../etc/passwd'),
  unknown('other letters', '/V1/ITEMS/a'),
  unknown('an encoded slash in the fixed part', '/v1%2fitems/a'),
  unknown('a backslash', '/v1\\items\\a'),
  unknown('parameters of a segment', '/v1;x=1/items/a'),
  unknown('a fragment', '/v1/nowhere#a'),
];
