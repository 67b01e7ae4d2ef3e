import { type CorpusRow, good, hidden, reachedGood } from './row.ts';

const request = (...hosts: readonly string[]) => ['GET /v1/items/good HTTP/1.1', ...hosts, '', ''].join('\r\n');

const refused = (name: string, ...hosts: readonly string[]): CorpusRow => ({
  name,
  bytes: request(...hosts) + hidden,
  statuses: [400],
  after: 'closed',
});

const taken = (name: string, ...hosts: readonly string[]): CorpusRow => ({
  name,
  bytes: request(...hosts) + good,
  statuses: [200, 200],
  after: 'open',
  handled: [reachedGood, reachedGood],
});

/** Who is asked (RFC 9112, 3.2). */
export const hostRows: readonly CorpusRow[] = [
  refused('none'),
  refused('two', 'Host: a', 'Host: a'),
  refused('two in different letters', 'Host: a', 'hOST: b'),
  refused('two, the first empty', 'Host:', 'Host: a'),
  refused('a list', 'Host: a, b'),
  refused('a space inside', 'Host: a b'),
  refused('a space before the colon', 'Host : a'),
  refused('a path', 'Host: a/b'),
  refused('a backslash', 'Host: a\\b'),
  refused('a user', 'Host: u@a'),
  refused('a URL', 'Host: http://a'),
  refused('a query', 'Host: a?b'),
  refused('a fragment', 'Host: a#b'),
  refused('a port that is no number', 'Host: a:b'),
  refused('a port with a sign', 'Host: a:+80'),
  refused('a port that is too long', 'Host: a:800000'),
  refused('two ports', 'Host: a:80:80'),
  refused('an address without brackets', 'Host: ::1'),
  refused('a bracket that stays open', 'Host: [::1'),
  refused('quotes', 'Host: "a"'),
  refused('markup', 'Host: <script>'),
  refused('NUL', 'Host: a\0'),
  refused('a tab inside', 'Host: a\tb'),
  refused('a byte over 127', 'Host: \xe4'),
  refused('folded', 'Host:\r\n a'),
  taken('empty', 'Host:'),
  taken('a name with a port', 'Host: api.example.com:8443'),
  taken('an address of version 6', 'Host: [::1]:3000'),
  taken('no space', 'Host:a'),
  {
    name: 'none with HTTP/1.0',
    bytes: `GET /v1/items/good HTTP/1.0\r\n\r\n${hidden}`,
    statuses: [200],
    after: 'closed',
    handled: [reachedGood],
  },
  {
    name: 'two with HTTP/1.0',
    bytes: `GET /v1/items/good HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n${hidden}`,
    statuses: [400],
    after: 'closed',
  },
];
