import type { LookupFunction } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { answer, onAccept } from '../faults/behaviours.ts';
import { startFaultServer } from '../faults/server.ts';
import { createAuthority, createSelfSigned, inDays, overTls } from '../faults/tls.ts';
import { connectTo, open } from './setup.ts';

const hang: LookupFunction = () => {};

/** Every name is this host. */
const leadTo =
  (...addresses: readonly string[]): LookupFunction =>
  (_name, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    );

describe('the limit for a connection', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is exact, and a timer of ours', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const upstream = open('http://name.test', {}, { lookup: hang, connectMs: 300 });
    let ended: unknown;
    void upstream.ask().then((outcome) => {
      ended = outcome;
    });

    await vi.advanceTimersByTimeAsync(299);
    expect(ended).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    await expect.poll(() => ended).toMatchObject({ failure: { code: 'unreachable', reason: 'connect_timeout' } });
  });

  test('holds for a TLS handshake that stalls', async () => {
    const { server, upstream } = await connectTo(onAccept(), {}, { scheme: 'https', connectMs: 100 });
    const startedAt = performance.now();
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'unreachable', reason: 'connect_timeout' } });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(99);
    expect(await server.isEmptyWithin(1_000)).toBe(true);
  });

  test('is over once there is a connection', async () => {
    const { upstream } = await connectTo(answer('1'), { connections: 1 }, { connectMs: 50 });
    await upstream.ask();
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(await upstream.ask()).toMatchObject({ value: 1 });
  });
});

describe('a connection that cannot be made', () => {
  test('is refused at once where nobody listens', async () => {
    const server = await startFaultServer(onAccept());
    await server.close();
    const upstream = open(`http://127.0.0.1:${server.port}`, {}, { connectMs: 60_000 });
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'unreachable', reason: 'connect_refused' } });
  });

  test.each(['ENOTFOUND', 'EAI_AGAIN', 'ESERVFAIL'])('has a name that does not resolve: %s', async (code) => {
    const lookup: LookupFunction = (_name, _options, callback) =>
      callback(Object.assign(new Error('x'), { code }), '', 0);
    const upstream = open('http://name.test', {}, { lookup });
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'unreachable', reason: 'dns' } });
  });

  test('is made to the next address where the first is dead', async () => {
    const { server } = await connectTo(answer('1'));
    const upstream = open(
      `http://name.test:${server.port}`,
      { privateAddresses: true },
      { lookup: leadTo('127.0.0.2', '127.0.0.1') },
    );
    expect(await upstream.ask()).toMatchObject({ value: 1 });
  });
});

describe('TLS', () => {
  const authority = createAuthority();
  const secure = { scheme: 'https', ca: authority.cert };

  test('is spoken where the certificate is good, and its sockets are used again', async () => {
    const { server, upstream } = await connectTo(
      answer('1'),
      { connections: 1 },
      { ...secure, server: overTls(authority.issue()) },
    );
    for (let i = 0; i < 3; i += 1) expect(await upstream.ask()).toMatchObject({ value: 1 });
    expect(server.accepted).toBe(1);
  });

  test.each([
    ['expired', authority.issue({ notBefore: inDays(-3), notAfter: inDays(-1) })],
    ['not yet valid', authority.issue({ notBefore: inDays(1), notAfter: inDays(3) })],
    ['for another host', authority.issue({ host: 'other.example' })],
    ['signed by itself', createSelfSigned()],
    ['signed by somebody unknown', createAuthority().issue()],
  ])('is not where the certificate is %s, and nothing is sent', async (_name, identity) => {
    const { server, upstream } = await connectTo(answer('1'), {}, { ...secure, server: overTls(identity) });
    expect(await upstream.ask()).toMatchObject({ failure: { code: 'unreachable', reason: 'tls' } });
    expect(server.requests).toBe(0);
  });
});
