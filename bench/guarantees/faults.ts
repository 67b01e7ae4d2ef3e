import { gzipSync } from 'node:zlib';
import type { FailureCode } from '../../src/engine/failure.ts';
import { type Action, byteByByte, drip, end, json, later, raw, reset } from '../../test/faults/behaviours.ts';
import { makeNoise } from './noise.ts';

/** Something an upstream does to one request. */
interface Fault {
  readonly act: Action;
  /** How a source ends whose last attempt met it; none where anything may come of it. */
  readonly ends: 'ok' | FailureCode | undefined;
}

const write =
  (bytes: string | Buffer): Action =>
  (socket) =>
    socket.write(bytes, 'latin1');
const both =
  (first: Action, second: Action): Action =>
  (socket, head) => {
    first(socket, head);
    second(socket, head);
  };

const good = json('{"id":42,"name":"chair","tags":["oak","low"],"price":19.90,"items":[1,2,3]}');
const list = JSON.stringify({
  items: Array.from({ length: 300 }, (_, id) => ({ id, name: `chair ${id}`, price: id / 8 })),
});
const status = (line: string, header: Readonly<Record<string, string>> = {}) => write(json('{"no":1}', header, line));
/** As much as is read at once; more would keep the upstream busier than the server. */
const hints = 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(2_400);
const zipped = { 'content-encoding': 'gzip' };

/** Lists of small things: below every limit, and many times their size once they are parsed. */
const dense = (item: (index: number) => string, count: number): Buffer =>
  json(gzipSync(`{"items":[${Array.from({ length: count }, (_, index) => item(index)).join(',')}]}`), zipped);

/** By name, so that another process can ask for them. */
export const faults = {
  ok: { act: write(good), ends: 'ok' },
  /** 15 KB of small things: much for the server, little for the upstream. */
  large: { act: write(json(list)), ends: 'ok' },
  slow: { act: later(30, good), ends: 'ok' },
  hung: { act: () => {}, ends: 'timeout' },
  dripping: {
    act: both(write(raw(['content-type: application/json', 'content-length: 9999'])), drip(' ')),
    ends: 'timeout',
  },
  flooding: { act: both(write(hints), drip(hints)), ends: 'protocol' },
  error: { act: status('500 Internal Server Error'), ends: 'upstream_error' },
  unavailable: { act: status('503 Service Unavailable'), ends: 'upstream_error' },
  missing: { act: status('404 Not Found'), ends: 'not_found' },
  refused: { act: status('400 Bad Request'), ends: 'rejected' },
  limited: { act: status('429 Too Many Requests'), ends: 'rate_limited' },
  limitedShortly: { act: status('429 Too Many Requests', { 'retry-after': '0' }), ends: 'rate_limited' },
  redirect: { act: status('302 Found', { location: '/elsewhere' }), ends: 'invalid_response' },
  impossible: { act: status('999 What'), ends: 'protocol' },
  html: { act: write(json('<html>', { 'content-type': 'text/html' })), ends: 'invalid_response' },
  notJson: { act: write(json('{"a":NaN}')), ends: 'invalid_response' },
  empty: { act: write(json('')), ends: 'invalid_response' },
  badGzip: { act: write(json('{"a":1}', zipped)), ends: 'invalid_response' },
  badCoding: { act: write(json('{"a":1}', { 'content-encoding': 'br' })), ends: 'invalid_response' },
  deep: { act: write(json('['.repeat(500_000))), ends: 'too_large' },
  bomb: { act: write(json(gzipSync(`"${'a'.repeat(64 * 2 ** 20)}"`), zipped)), ends: 'too_large' },
  long: { act: write(raw(['content-type: application/json', 'content-length: 99999999'], '[1')), ends: 'too_large' },
  cut: { act: both(write(raw(['content-length: 99'], '{"a":')), end), ends: 'protocol' },
  garbage: { act: write('\u0000\u0001 what is this\r\n\r\n'), ends: 'protocol' },
  closed: { act: end, ends: 'unreachable' },
  reset: { act: reset, ends: 'unreachable' },
  /** 195,000 empty lists: 200,000 values are the limit. */
  manyLists: { act: write(dense(() => '[]', 195_000)), ends: 'ok' },
  /** Objects of a shape of their own each, which cost an engine more than any other. */
  manyShapes: { act: write(dense((index) => `{"k${index.toString(36)}":1}`, 65_000)), ends: 'ok' },
  /** Just below the byte limit. */
  longText: { act: write(dense(() => `"${'x'.repeat(1_000)}"`, 1_040)), ends: 'ok' },
  /** 300 KB, byte by byte. */
  crumbs: {
    act: write(
      raw(
        ['content-type: application/json', 'transfer-encoding: chunked'],
        byteByByte(`{"items":["${'x'.repeat(300_000)}"]}`),
      ),
    ),
    ends: 'ok',
  },
  /** As much as may be sent, and no end. */
  stuck: {
    act: write(raw(['content-type: application/json', 'content-length: 1048576'], `"${'x'.repeat(1_048_000)}`)),
    ends: 'timeout',
  },
  noise: { act: makeNoise, ends: undefined },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

/** Everything that ends at once, and some that does not. */
export const anything: readonly FaultName[] = Object.keys(faults).filter(isCheap);

/** Those with big bodies would only keep the processes busy. */
function isCheap(name: string): name is FaultName {
  return !['manyLists', 'manyShapes', 'longText', 'crumbs', 'stuck', 'bomb', 'deep', 'flooding', 'noise'].includes(
    name,
  );
}
