import { type CorpusRow, get, good, reachedGood } from './row.ts';

const taken = (raw: string, query: Readonly<Record<string, unknown>>, name = raw): CorpusRow => ({
  name,
  bytes: get(`/v1/items?${raw}`) + good,
  statuses: [200, 200],
  after: 'open',
  handled: [{ route: 'list', query }, reachedGood],
});

const refused = (raw: string, name = raw, after: CorpusRow['after'] = 'open'): CorpusRow => ({
  name,
  bytes: get(`/v1/items?${raw}`) + good,
  statuses: after === 'open' ? [400, 200] : [400],
  after,
  handled: after === 'open' ? [reachedGood] : [],
});

/** The query; the route declares the text `q` and the integer `n`. */
export const queryRows: readonly CorpusRow[] = [
  refused('q=1&q=2'),
  refused('q=1&q=1'),
  refused('n=1&n=2'),
  refused('n=x'),
  refused('n=1.5'),
  refused('n=1e400'),
  refused('n=0x10'),
  refused('n=%20'),
  refused('n='),
  refused('n=+1'),
  refused('n=Infinity'),
  refused('n=NaN'),
  refused('a&'.repeat(100), '101 parameters', 'closed'),
  taken('a&'.repeat(98).concat('q=1'), { q: '1' }, '99 parameters'),
  taken(Array.from({ length: 100 }, (_, index) => `a${index}=1`).join('&'), {}, '100 parameters'),
  taken('', {}, 'nothing'),
  taken('q=', { q: '' }),
  taken('q', { q: '' }),
  taken('Q=1', {}),
  taken('q[]=1', {}),
  taken('q[a]=1', {}),
  taken('q.a=1', {}),
  taken('other=1&q=2', { q: '2' }),
  taken('__proto__=1&constructor=2&prototype=3', {}),
  taken('__proto__[q]=1', {}),
  taken('q=%zz', { q: '%zz' }),
  taken('q=%00', { q: '\0' }),
  taken('q=%0d%0aa:b', { q: '\r\na:b' }),
  taken('q=a+b', { q: 'a b' }),
  taken('q=1;n=2', { q: '1;n=2' }),
  taken('q=?', { q: '?' }),
  taken('q=a=b', { q: 'a=b' }),
  taken('n=7', { n: 7 }),
  taken('%71=1', { q: '1' }),
];
