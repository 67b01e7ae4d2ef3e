import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ok } from '../../src/engine/outcome.ts';
import { createExchange } from '../../src/http/exchange.ts';
import { defaultJsonLimits } from '../../src/json/verdict.ts';
import { answer, byteByByte, end, flood, json, later, onRequest, raw, reset } from '../faults/behaviours.ts';
import { connectTo, createContext, get } from './setup.ts';

const one = { connections: 1 };
const inCrumbs = (bytes: Buffer, headers: readonly string[] = []) =>
  raw([...headers, 'transfer-encoding: chunked'], byteByByte(bytes.toString('latin1')));
const body = (bytes: number) => json('x'.repeat(bytes), {}, '500 Oops');

describe('the body of an answer that is a failure already', () => {
  test.each([0, 1, 60_000])('is read to its end, so that its socket can be used again: %i bytes', async (bytes) => {
    const { server, upstream } = await connectTo(onRequest(body(bytes)), one);
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'upstream_error', status: 500 } });
    server.behave(answer('1'));
    expect(await upstream.ask()).toMatchObject({ value: 1 });
    expect(server.accepted).toBe(1);
  });

  test.each([
    ['beyond 64 KiB', onRequest(body(100_000))],
    ['without an end', onRequest(raw(['transfer-encoding: chunked'], '', '500 Oops'), flood('5\r\nxxxxx\r\n'))],
    ['for longer than a second', onRequest(raw(['content-length: 9'], 'x', '500 Oops'))],
  ])('is not read %s: its socket is destroyed', async (_name, behaviour) => {
    const { server, upstream } = await connectTo(behaviour);
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'upstream_error' } });
    expect(await server.isEmptyWithin(3_000)).toBe(true);
  });

  test('is nothing that the call waits for', async () => {
    const { server, upstream } = await connectTo(onRequest(raw(['content-length: 9'], 'x', '503 Oops')));
    const context = createContext();
    await upstream.ask(get, context);
    expect(server.open).toBe(1);
    context.scope.abort({ code: 'cancelled', message: 'too late to matter' });
    expect(await server.isEmptyWithin(3_000)).toBe(true);
  });
});

describe('an answer over the limit', () => {
  const limits = { maxBytes: 100_000 };
  test.each([
    ['that says so is refused by its head', raw(['content-type: application/json', 'content-length: 100001']), 1_000],
    ['in chunks is refused where it passes', raw(['transfer-encoding: chunked']), 1_000_000],
    ['that ends by close is refused where it passes', raw([]), 1_000_000],
  ])('%s', async (_name, head, most) => {
    const more = most > 1_000 ? flood(head.includes('chunked') ? `400\r\n${'x'.repeat(1_024)}\r\n` : 'x') : () => {};
    const { server, upstream } = await connectTo(onRequest(head, more), limits);
    expect(await upstream.ask()).toMatchObject({
      failure: { code: 'too_large', message: 'the answer is over 100000 bytes' },
    });
    expect(await server.isEmptyWithin(1_000)).toBe(true);
    expect(server.sent).toBeLessThan(most + 8_000_000); // what the kernel took
  });

  test('is refused by its decoded bytes', async () => {
    const { upstream } = await connectTo(
      onRequest(json(gzipSync(`"${'x'.repeat(100_000)}"`), { 'content-encoding': 'gzip' })),
      limits,
    );
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'too_large' } });
  });

  test('is one byte more; at the limit it is taken', async () => {
    const { server, upstream } = await connectTo(answer(`"${'x'.repeat(99_998)}"`), limits);
    expect(await upstream.ask()).toMatchObject({ value: 'x'.repeat(99_998) });
    server.behave(answer(`"${'x'.repeat(99_999)}"`));
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'too_large' } });
  });
});

describe('an answer that is taken', () => {
  test.each([
    ['by its length', json('{"a":1}')],
    ['in chunks', raw(['transfer-encoding: chunked'], '3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\nt: u\r\n\r\n')],
    [
      'behind interim answers',
      `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${raw(['content-length: 7'], '{"a":1}')}`,
    ],
    ['behind a byte order mark', json(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{"a":1}')]))],
    ['packed', json(gzipSync('{"a":1}'), { 'content-encoding': 'gzip' })],
    ['byte by byte', inCrumbs(Buffer.from('{"a":1,"b":"日本語"}'))],
    ['byte by byte, behind a byte order mark', inCrumbs(Buffer.from('\ufeff{"a":1}'))],
    ['byte by byte, packed', inCrumbs(gzipSync('{"a":1}'), ['content-encoding: gzip'])],
    ['without a content type', raw(['content-length: 7'], '{"a":1}')],
  ])('%s', async (_name, bytes) => {
    const { upstream } = await connectTo(onRequest(bytes));
    expect(await upstream.ask()).toMatchObject({ value: { a: 1 } });
  });

  test('to the end of its connection, and the next call takes a fresh one', async () => {
    const { server, upstream } = await connectTo(onRequest(raw([], '{"a":1}'), end), one);
    for (const accepted of [1, 2]) {
      expect(await upstream.ask()).toMatchObject({ value: { a: 1 } });
      expect(server.accepted).toBe(accepted);
    }
  });

  test('without content is null', async () => {
    const { upstream } = await connectTo(
      onRequest(raw(['content-encoding: gzip', 'content-type: text/html'], '', '204 No Content')),
    );
    expect(await upstream.ask()).toMatchObject({ value: null });
  });
});

describe('an answer that is not taken', () => {
  test.each([
    ['a reset in a body without length', onRequest(raw([], '12345'), later(100, reset)), 'unreachable', 'reset'],
    ['a close in a body with length', onRequest(raw(['content-length: 9'], '1'), end), 'protocol', 'truncated'],
    ['seventeen interim answers', onRequest('HTTP/1.1 102 Processing\r\n\r\n'.repeat(17)), 'protocol', 'interim'],
    ['a header over 16 KiB', onRequest(raw([`a: ${'b'.repeat(17_000)}`])), 'protocol', 'headers_too_large'],
    ['101 header fields', onRequest(raw(Array(101).fill('a: b'))), 'protocol', 'headers_too_many'],
    ['status 101', onRequest(raw([], '', '101 Switching Protocols')), 'protocol', undefined],
    ['status 099', onRequest(raw([], '', '099 What')), 'protocol', undefined],
    ['status 600', onRequest(raw(['content-length: 0'], '', '600 What')), 'protocol', 'status'],
    ['nothing', onRequest(json('')), 'invalid_response', 'empty'],
    ['no JSON', onRequest(json('{"a":}')), 'invalid_response', undefined],
    ['not UTF-8', onRequest(json(Buffer.from([0x22, 0xff, 0x22]))), 'invalid_response', undefined],
  ])('%s', async (_name, behaviour, code, reason) => {
    const { upstream } = await connectTo(behaviour);
    const outcome = await upstream.ask();
    expect(outcome).toMatchObject({ status: 'failed', failure: { code, ...(reason === undefined ? {} : { reason }) } });
  });

  test('by a check that throws is a defect of ours, and the socket lives', async () => {
    const { server, upstream } = await connectTo(answer('1'), one);
    const broken = () => {
      throw new Error('a bug');
    };
    expect(await upstream.send(get, createContext(), broken)).toMatchObject({ failure: { code: 'internal' } });
    expect(await upstream.ask()).toMatchObject({ value: 1 });
    expect(server.accepted).toBe(1);
  });
});

describe('answers that arrive in a crowd', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Exchanges whose answers are whole in one turn, each of which takes 2 ms to decode. */
  function receive(count: number) {
    let time = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => time);
    const decoded: number[] = [];
    const settled: number[] = [];
    const exchanges = Array.from({ length: count }, (_, index) => {
      const exchange = createExchange({
        maxBytes: 10,
        json: defaultJsonLimits,
        decode: () => {
          decoded.push(index);
          time += 2;
          return ok(index);
        },
        settle: () => settled.push(index),
        onLost: () => {},
      });
      const controller = {} as never; // none of these looks at it
      exchange.onResponseStart(controller, 200, {});
      exchange.onResponseData(controller, Buffer.from('1'));
      exchange.onResponseEnd();
      return exchange;
    });
    return { exchanges, decoded, settled };
  }

  test('are decoded one after another in turns, and one that is stopped meanwhile is not', async () => {
    const { exchanges, decoded, settled } = receive(3);
    expect(decoded).toEqual([]);
    await nextTurn();
    expect(decoded).toEqual([0]);
    exchanges[1]?.stop();
    await nextTurn();
    expect([decoded, settled]).toEqual([
      [0, 2],
      [0, 2],
    ]);
  });
});
