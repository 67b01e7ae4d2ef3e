import { Type } from '../../../src/index.ts';
import { answer, json, later, onRequest } from '../behaviours.ts';
import { deadlines } from '../lab.ts';
import { healthyAnswer } from '../places.ts';
import type { Behaviour } from '../server.ts';
import { type Expected, type Row, rows } from './row.ts';

type ToProvider = NonNullable<Expected['provider']>;

const spec = '429 with Retry-After';
/** An HTTP date. */
const inDate = (ms: number) => new Date(Date.now() + ms).toUTCString();

/** Upstreams that are wrong in what they say, and code of our own that is. Stories of many requests are tests of their own. */
export const overTimeRows: readonly Row[] = [
  ...rows(
    spec,
    { ends: 'rate_limited', retried: false },
    tooMany({
      'does not fit the time': '10',
      huge: '99999999999999999999',
      'a date that does not fit': inDate(60_000),
      negative: '-1',
      'a fraction': '0.1',
      hex: '0x0',
      'an exponent': '0e0',
      empty: '',
      words: 'soon',
      'a local date': '2026-01-01',
      'an obsolete date': 'Sunday, 06-Nov-94 08:49:37 GMT',
      twice: '0\r\nretry-after: 0',
      'a list': '0, 0',
      absent: undefined,
    }),
  ),
  ...rows(
    spec,
    { ends: 'rate_limited', when: 'by the deadline' },
    tooMany({ 'no seconds': '0', 'a date that has passed': inDate(-60_000) }),
  ),
  ...rows(
    '3xx of any kind',
    { ends: 'invalid_response', retried: false, hidden: ['elsewhere'] },
    redirects(300, 301, 302, 303, 305, 307, 308, 399),
  ),
  ...rows('other statuses', { ends: 'not_found', retried: false }, statuses(404, 410)),
  ...rows('other statuses', { ends: 'rejected', retried: false }, statuses(400, 401, 403, 405, 409, 413, 422, 451)),
  ...rows('other statuses', { ends: 'upstream_error', retried: false }, statuses(500, 501, 505)),
  ...rows('always 5xx', { ends: 'upstream_error', when: 'by the deadline' }, statuses(502, 503, 504)),
  ...rows(
    'an answer after our timeout',
    { ends: 'timeout', when: 'at the deadline', destroyed: true },
    {
      'the whole answer, late': onRequest(later(deadlines.short + 200, json('{"late":true}'))),
    },
  ),
  ...defect('request throws', {
    ends: 'internal',
    next: 'internal',
    provider: (upstream) => upstream.provider({ name: 'throws', output: Type.Unknown(), request: fail }),
  }),
  ...defect('request throws what is no error', {
    ends: 'internal',
    next: 'internal',
    provider: (upstream) => upstream.provider({ name: 'throws', output: Type.Unknown(), request: failOddly }),
  }),
  ...defect('input throws', { ends: 'internal', next: 'internal', input: fail }),
  ...defect('run throws', run(fail)),
  ...defect(
    'run rejects',
    run(() => Promise.reject(new Error('sesame'))),
  ),
  ...defect(
    'run rejects with nothing',
    run(() => Promise.reject()),
  ),
  ...defect('run rejects after it was aborted', {
    ...run((_input, { signal }) => whenAborted(signal)),
    ends: 'timeout',
    next: 'timeout',
    when: 'at the deadline',
  }),
  ...defect('run ignores its signal', {
    ...run(() => new Promise(() => {})),
    ends: 'timeout',
    next: 'timeout',
    when: 'at the deadline',
  }),
  ...defect('run answers too late', {
    ...run(() => new Promise((resolve) => setTimeout(resolve, deadlines.short + 100, {}))),
    ends: 'timeout',
    next: 'timeout',
    when: 'at the deadline',
  }),
  ...defect(
    'run gives what JSON cannot say',
    run(() => 1n),
  ),
];

/** Code of our own that fails, in front of an upstream that does not. */
function defect(name: string, expected: Expected): readonly Row[] {
  return rows(
    'request or run or input throws; run ignores its signal',
    { hidden: ['sesame'], ...expected },
    { [name]: answer(healthyAnswer) },
  );
}

type Run = (input: object, context: { readonly signal: AbortSignal }) => unknown;

function run(perform: Run): Expected & { readonly provider: ToProvider } {
  const provider: ToProvider = (upstream) => upstream.provider({ name: 'runs', output: Type.Unknown(), run: perform });
  return { ends: 'internal', next: 'internal', provider };
}

function fail(): never {
  throw new Error('sesame');
}

function failOddly(): never {
  throw undefined;
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('sesame'))));
}

function tooMany(values: Readonly<Record<string, string | undefined>>): Readonly<Record<string, Behaviour>> {
  const limit = (value: string | undefined) => onRequest(json('{}', { 'retry-after': value }, '429 Too Many Requests'));
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, limit(value)]));
}

function redirects(...codes: readonly number[]): Readonly<Record<string, Behaviour>> {
  const redirect = (status: number) =>
    onRequest(json('{}', { location: 'http://elsewhere.test/' }, `${status} Elsewhere`));
  return Object.fromEntries(codes.map((status) => [status, redirect(status)]));
}

function statuses(...codes: readonly number[]): Readonly<Record<string, Behaviour>> {
  const fail = (status: number) => onRequest(json('{"sesame":1}', {}, `${status} Sesame`));
  return Object.fromEntries(codes.map((status) => [status, fail(status)]));
}
