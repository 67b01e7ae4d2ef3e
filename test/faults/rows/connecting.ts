import { expect } from 'vitest';
import { answer, end, onAccept, reset, type Step } from '../behaviours.ts';
import type { NameAnswer } from '../dns.ts';
import type { Lab } from '../lab.ts';
import {
  closedPort,
  fullBacklog,
  healthyAnswer,
  type OpenPlace,
  occupying,
  replaced,
  secure,
  serving,
} from '../places.ts';
import type { FaultServer } from '../server.ts';
import { createAuthority, createSelfSigned, type Identity, inDays, overTls } from '../tls.ts';
import { type Row, rows } from './row.ts';

/** Upstreams that no connection reaches. */
export function toConnectingRows({ names, authority }: Lab): readonly Row[] {
  const named = createNamed(names.set);
  const badCertificate = (identity: Identity) =>
    replaced(occupying(answer(healthyAnswer), overTls(identity)), overTls(authority.issue()), secure);
  const badHandshake = (...steps: readonly Step[]) =>
    replaced(occupying(onAccept(...steps), {}), overTls(authority.issue()), secure);

  return [
    ...rows(
      'connection refused; reset on connect',
      { ends: 'unreachable', reason: 'connect_refused' },
      {
        'connection refused': replaced(closedPort),
      },
    ),
    ...rows(
      'connection refused; reset on connect',
      { ends: 'unreachable' },
      {
        'reset on connect': onAccept(reset),
        'closed on connect': onAccept(end),
      },
    ),
    ...rows(
      'host unreachable',
      { ends: 'unreachable', reason: 'host_unreachable', upstream: inside },
      { 'no route to the address': named({ addresses: ['255.255.255.255'] }) },
    ),
    ...rows(
      'blackhole; listens but never accepts',
      { ends: 'unreachable', reason: 'connect_timeout', when: 'at the connect limit' },
      {
        'the queue of connections is full': replaced(fullBacklog),
      },
    ),
    ...rows(
      'name does not resolve; resolver failing',
      { ends: 'unreachable', reason: 'dns', upstream: inside },
      {
        'no such name': named({ code: 'nxdomain' }),
        'no address': named({ addresses: [] }),
        'the resolver fails': named({ code: 'servfail' }),
        'the resolver refuses': named({ code: 'refused' }),
        'the resolver answers nonsense': named('garbage'),
      },
    ),
    ...rows(
      'resolver slow',
      { ends: 'unreachable', reason: 'connect_timeout', upstream: inside, when: 'at the connect limit' },
      {
        'the resolver is silent': named('silence'),
        'the resolver is slower than the limit': named({ addresses: ['127.0.0.1'], afterMs: 1_000 }),
      },
    ),
    ...rows(
      'resolver slow',
      { ends: 'ok', upstream: inside, bytes: healthyAnswer },
      {
        'the resolver is slow, but within the limit': named({ addresses: ['127.0.0.1'], afterMs: 50 }),
      },
    ),
    ...rows(
      'name resolves to a private, loopback or link-local address',
      { ends: 'unreachable', reason: 'address_refused', next: 'unreachable', retried: false, check: expectNoContact },
      Object.fromEntries(privateAddresses.map((address) => [address, named({ addresses: [address] })])),
    ),
    ...rows(
      'one of several addresses dead',
      { ends: 'ok', upstream: inside, bytes: healthyAnswer },
      {
        'the first address refuses': named({ addresses: ['127.0.0.2', '127.0.0.1'] }),
        'the last address refuses': named({ addresses: ['127.0.0.1', '127.0.0.2'] }),
      },
    ),
    ...rows(
      'TLS: expired, not yet valid, wrong host, self-signed',
      { ends: 'unreachable', reason: 'tls', retried: false },
      {
        expired: badCertificate(authority.issue({ notBefore: inDays(-9), notAfter: inDays(-1) })),
        'not yet valid': badCertificate(authority.issue({ notBefore: inDays(1), notAfter: inDays(9) })),
        'wrong host': badCertificate(authority.issue({ host: 'other.test' })),
        'self-signed': badCertificate(createSelfSigned()),
        'an authority that nobody trusts': badCertificate(createAuthority().issue()),
      },
    ),
    ...rows(
      'TLS: no handshake',
      { ends: 'unreachable' },
      {
        'plain HTTP on the TLS port': badHandshake((socket) =>
          socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
        ),
        'reset in the handshake': badHandshake((socket) => socket.once('data', () => socket.resetAndDestroy())),
        'closed in the handshake': badHandshake((socket) => socket.once('data', () => socket.end())),
      },
    ),
    ...rows(
      'TLS stalls after ClientHello',
      { ends: 'unreachable', reason: 'connect_timeout', when: 'at the connect limit' },
      { 'no ServerHello': badHandshake() },
    ),
    ...rows(
      'TLS that is in order',
      { ends: 'ok', bytes: healthyAnswer },
      {
        'a certificate of the configured authority': serving(answer(healthyAnswer), overTls(authority.issue()), secure),
      },
    ),
  ];
}

/** Behind a name, these are somebody's own network, and nobody else's to reach (RFC 6890). */
const privateAddresses =
  '127.0.0.1 127.1.2.3 0.0.0.0 10.0.0.1 169.254.169.254 ::1 :: fe80::1 fd12:3456::1 ::ffff:7f00:1'.split(' ');

/** The lab's names lead to loopback. */
const inside = { privateAddresses: true };

function expectNoContact(_answer: unknown, server: FaultServer | undefined): void {
  expect(server?.accepted).toBe(0);
}

/** Places behind a name; the fault is what the name server says. */
function createNamed(set: (name: string, answer: NameAnswer) => void) {
  let count = 0;
  return (says: NameAnswer): OpenPlace =>
    async () => {
      count += 1;
      const name = `upstream-${count}.test`;
      set(name, says);
      const place = await serving(answer(healthyAnswer), {}, (port) => `http://${name}:${port}`)();
      return { ...place, heal: async () => set(name, { addresses: ['127.0.0.1'] }) };
    };
}
