import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { path } from '../../src/engine/path.ts';
import type { UpstreamRequest } from '../../src/engine/request.ts';
import { answer, end, json, later, onAccept, onRequest, raw, reset, type Step } from '../faults/behaviours.ts';
import type { Behaviour } from '../faults/server.ts';
import { connectTo, createContext, get, open, post, stopped } from './setup.ts';

/** One step for each request, whatever its socket; the last one stays. */
function inTurn(...steps: readonly Step[]): Behaviour {
  let count = 0;
  return onRequest((socket: Socket, head: string) => {
    const step = steps[Math.min(count, steps.length - 1)] ?? end;
    count += 1;
    if (typeof step === 'function') step(socket, head);
    else socket.write(step);
  });
}

const ok = { status: 'ok', value: 1 };

/** One socket: with more, a call that follows at once takes a fresh one, because undici frees the old one a turn later. */
const one = { connections: 1 };

describe('a request', () => {
  const headOf = async (request: UpstreamRequest) => {
    const { server, upstream } = await connectTo(answer('1'));
    expect(await upstream.ask(request)).toMatchObject(ok);
    const [line, ...fields] = server.head.trimEnd().split('\r\n');
    return {
      line,
      fields: fields.filter((field) => !/^(host|traceparent)/.test(field)),
      head: server.head,
      port: server.port,
    };
  };

  test('is what the provider said, and what the transport adds', async () => {
    const query = { q: 'a b', n: 1 };
    const { line, fields, head, port } = await headOf({
      ...get,
      path: path`/a/${'b c'}`,
      query,
      headers: { 'X-Key': 'k' },
    });

    expect(line).toBe('GET /a/b%20c?q=a+b&n=1 HTTP/1.1');
    expect(fields).toEqual(['connection: keep-alive', 'accept-encoding: gzip', 'x-key: k', 'accept: application/json']);
    expect(head).toContain(`\r\nhost: 127.0.0.1:${port}\r\n`);
    expect(head).toMatch(/\r\ntraceparent: 00-0{31}1-[0-9a-f]{16}-00\r\n/);
  });

  test('with a body sends it as JSON', async () => {
    const { line, fields } = await headOf({ ...post, body: { name: 'é' } });
    expect(line).toBe('POST /a HTTP/1.1');
    expect(fields).toContain('content-type: application/json');
    expect(fields).toContain(`content-length: ${Buffer.byteLength('{"name":"é"}')}`);
  });

  test('with a value that no header can have is refused, and harms none that follow', async () => {
    const { server, upstream } = await connectTo(answer('1'), { connections: 2 });
    for (let i = 0; i < 10; i += 1) {
      const outcome = await upstream.ask({ ...get, headers: { a: 'b\r\nc: d' } });
      expect(outcome).toMatchObject({ failure: { code: 'rejected', reason: 'unsafe_header' } });
    }
    expect(await upstream.ask()).toMatchObject(ok);
    expect(server.requests).toBe(1);
  });

  test('beyond twice the sockets is refused at once', async () => {
    const { upstream } = await connectTo(onAccept(), { connections: 2 });
    const context = createContext();
    const four = Array.from({ length: 4 }, () => upstream.ask(get, context));

    expect(await upstream.ask()).toMatchObject({ failure: { code: 'saturated' } });
    context.scope.abort(stopped);
    expect(await Promise.all(four)).toEqual(Array(4).fill({ status: 'failed', failure: stopped }));
  });
});

describe('sockets', () => {
  test('are used again', async () => {
    const { server, upstream } = await connectTo(answer('1'), one);
    for (let i = 0; i < 5; i += 1) expect(await upstream.ask()).toMatchObject(ok);
    for (let i = 0; i < 5; i += 1) expect(await upstream.ask(post)).toMatchObject(ok);
    expect(server).toMatchObject({ accepted: 1, requests: 10 });
  });

  test('are no more than allowed', async () => {
    const { server, upstream } = await connectTo(onRequest(later(20, json('1'))), { connections: 3 });
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => upstream.ask()));
    expect(outcomes).toMatchObject(Array(6).fill(ok));
    expect(server).toMatchObject({ accepted: 3, requests: 6 });
  });

  test('are gone when the transport is closed, and what ran on them has failed', async () => {
    const { server, upstream } = await connectTo(answer('1'), one);
    expect(await upstream.ask()).toMatchObject(ok);
    server.behave(onAccept());
    const running = upstream.ask();
    await server.untilRequests(2);

    await upstream.close();

    expect(await running).toMatchObject({ failure: { code: 'unreachable' } });
    expect(await server.isEmptyWithin(1_000)).toBe(true);
    expect(server).toMatchObject({ accepted: 1, requests: 2 });
    await upstream.close();
  });
});

describe('an idle socket that the upstream closes just as we write', () => {
  const race = [json('0'), reset, json('1')];

  test.each([
    ['resets', reset],
    ['ends', end],
  ])('is made good on a fresh one, for what may be repeated: it %s', async (_name, lost) => {
    for (const request of [get, { ...post, idempotent: true }]) {
      const { server, upstream } = await connectTo(inTurn(json('0'), lost, json('1')), one);
      expect(await upstream.ask(request)).toMatchObject({ value: 0 });
      expect(await upstream.ask(request)).toMatchObject(ok);
      expect(server).toMatchObject({ accepted: 2, requests: 3 });
    }
  });

  test('costs an attempt, and is not made good where nobody pays for it', async () => {
    for (const [pays, attempts] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const { server, upstream } = await connectTo(inTurn(...race), one);
      await upstream.ask();
      const context = { ...createContext(), payExtra: () => pays };
      const outcome = await upstream.ask(get, context);
      expect(outcome).toMatchObject(pays ? ok : { failure: { code: 'unreachable', reason: 'reset' } });
      expect(context.record.attempts).toBe(attempts); // beside the first, which is counted before it is sent
      expect(server).toMatchObject({ requests: 2 + attempts });
    }
  });

  test('fails what may not be repeated', async () => {
    const { server, upstream } = await connectTo(inTurn(...race), one);
    await upstream.ask(post);
    expect(await upstream.ask(post)).toMatchObject({ failure: { code: 'unreachable', reason: 'reset' } });
    expect(server).toMatchObject({ accepted: 1, requests: 2 });
  });

  test('is made good once', async () => {
    const { server, upstream } = await connectTo(inTurn(json('0'), reset), one);
    await upstream.ask();
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'unreachable', reason: 'reset' } });
    expect(server).toMatchObject({ accepted: 2, requests: 3 });
  });

  test.each([
    ['a byte of an answer', 'H', 'closed', 'unreachable'],
    ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'closed', 'unreachable'],
    ['half a body', raw(['content-length: 2'], '1'), 'truncated', 'protocol'],
    ['garbage', 'garbage\r\n\r\n', 'malformed', 'protocol'],
  ])('is not what it is once %s came', async (_name, bytes, reason, code) => {
    const { server, upstream } = await connectTo(
      inTurn(json('0'), (socket) => socket.end(bytes), json('1')),
      one,
    );
    await upstream.ask();
    expect(await upstream.ask()).toMatchObject({ failure: { code, reason } });
    expect(server).toMatchObject({ accepted: 1, requests: 2 });
  });

  test('is not what a fresh socket has', async () => {
    const { server, upstream } = await connectTo(inTurn(reset), one);
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'unreachable', reason: 'reset' } });
    expect(server).toMatchObject({ accepted: 1, requests: 1 });
  });

  test('is nothing to make good for a call that was stopped', async () => {
    const { server, upstream } = await connectTo(inTurn(json('0'), later(50, reset), json('1')), one);
    await upstream.ask();
    const context = createContext();
    const call = upstream.ask(get, context);
    await server.untilRequests(2);
    context.scope.abort(stopped);
    expect(await call).toEqual({ status: 'failed', failure: stopped });
    expect(await server.isEmptyWithin(1_000)).toBe(true);
    expect(server).toMatchObject({ accepted: 1, requests: 2 });
  });
});

describe('a call that is stopped', () => {
  test('ends at once with the reason, and its socket is destroyed', async () => {
    const { server, upstream } = await connectTo(onAccept());
    const context = createContext();
    const call = upstream.ask(get, context);
    await server.untilRequests(1);

    context.scope.abort(stopped);

    expect(await Promise.race([call, Promise.resolve('later')])).not.toBe('later');
    expect(await call).toEqual({ status: 'failed', failure: stopped });
    expect(await server.isEmptyWithin(1_000)).toBe(true);
  });

  test('half-way through its body, too', async () => {
    const { server, upstream } = await connectTo(onRequest(raw(['content-length: 9'], '1')));
    const context = createContext();
    const call = upstream.ask(get, context);
    await server.untilRequests(1);
    context.scope.abort(stopped);
    expect(await call).toEqual({ status: 'failed', failure: stopped });
    expect(await server.isEmptyWithin(1_000)).toBe(true);
  });

  test('while it waits for a socket is never sent', async () => {
    const { server, upstream } = await connectTo(onRequest(later(50, json('1'))), one);
    const context = createContext();
    const first = upstream.ask();
    const second = upstream.ask(get, context);
    context.scope.abort(stopped);

    expect(await second).toEqual({ status: 'failed', failure: stopped });
    expect(await first).toMatchObject(ok);
    expect(await upstream.ask()).toMatchObject(ok);
    expect(server.requests).toBe(2);
  });

  test('while the name is looked up ends at once', async () => {
    const upstream = open('http://name.test', {}, { lookup: () => {} });
    const context = createContext();
    const call = upstream.ask(get, context);
    context.scope.abort(stopped);
    expect(await call).toEqual({ status: 'failed', failure: stopped });
  });

  test('in the turn in which it began is never sent, and was no attempt', async () => {
    const { server, upstream } = await connectTo(answer('1'));
    const context = createContext();
    context.record.attempts = 1; // counted by who asks

    const call = upstream.ask(get, context);
    context.scope.abort(stopped);

    expect(await call).toEqual({ status: 'failed', failure: stopped });
    expect(context.record.attempts).toBe(0);
    expect(await upstream.ask()).toMatchObject(ok);
    expect(server.requests).toBe(1);
    expect(server.open).toBe(1);
  });

  test('before it began is not sent', async () => {
    const { server, upstream } = await connectTo(answer('1'));
    const context = createContext();
    context.scope.abort(stopped);
    expect(await upstream.ask(get, context)).toEqual({ status: 'failed', failure: stopped });
    expect(await upstream.ask()).toMatchObject(ok);
    expect(server.requests).toBe(1);
  });

  test('ten thousand times leaves nothing behind', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const { server, upstream } = await connectTo(onAccept(), { connections: 50 });
    const countResources = () => process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length;
    const round = async () => {
      const contexts = Array.from({ length: 50 }, () => createContext());
      const before = server.requests;
      const calls = contexts.map((context) => upstream.ask(get, context));
      await server.untilRequests(before + 50);
      for (const { scope } of contexts) scope.abort(stopped);
      await Promise.all(calls);
      expect(server.open).toBeLessThanOrEqual(100);
    };

    await round();
    expect(await server.isEmptyWithin(2_000)).toBe(true);
    const resources = countResources();
    for (let i = 0; i < 199; i += 1) await round();

    expect(await server.isEmptyWithin(2_000)).toBe(true);
    expect(server.requests).toBe(10_000);
    expect(countResources()).toBeLessThanOrEqual(resources + 5);
    expect(warnings).toEqual([]);
    process.off('warning', onWarning);
    server.behave(answer('1'));
    expect(await upstream.ask()).toMatchObject(ok);
  }, 60_000);
});
