import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { sharedReads } from '../../src/http/reads.ts';
import { answer } from '../faults/behaviours.ts';
import { createAuthority, overTls } from '../faults/tls.ts';
import { connectTo } from './setup.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A socket that is read as upstreams' are, and the other end of it. */
async function openPair(): Promise<readonly [reader: Socket, writer: Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>; // what a server says of a connection
  const { port } = server.address() as { readonly port: number }; // listening on a port, it has one
  const reader = connect({ port, host: '127.0.0.1', ...sharedReads });
  const [writer] = await accepted;
  return [reader, writer];
}

async function readChunk(socket: Socket): Promise<Buffer> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]; // no encoding is set
  return chunk;
}

test('what one socket reads stays what it was when others read', async () => {
  const pairs = await Promise.all(Array.from({ length: 4 }, openPair));
  // Chunks are kept until all have come.
  const read = pairs.map(([reader]) => buffer(reader));
  for (let round = 0; round < 50; round += 1) {
    pairs.forEach(([, writer], index) => writer.write(`${index}`.repeat(1 + round * 97)));
    await nextTurn();
  }
  for (const [, writer] of pairs) writer.end();
  const length = Array.from({ length: 50 }, (_, round) => 1 + round * 97).reduce((sum, bytes) => sum + bytes, 0);
  expect((await Promise.all(read)).map(String)).toEqual(pairs.map((_, index) => `${index}`.repeat(length)));
});

test.skipIf(!sharedReads.onread)('small chunks share a buffer, which is not much larger than they are', async () => {
  const [reader, writer] = await openPair();
  const sizes = [];
  for (const bytes of [10, 2_000, 20_000]) {
    const chunk = readChunk(reader);
    writer.write('x'.repeat(bytes));
    sizes.push((await chunk).buffer.byteLength);
  }
  writer.end();
  reader.destroy();
  expect(sizes).toEqual([16_384, 16_384, 20_000]);
});

test('a socket that nobody reads from is not read on', async () => {
  const [reader, writer] = await openPair();
  const sent = 4_000_000;
  writer.end('x'.repeat(sent));
  await expect.poll(() => reader.readableLength).toBeGreaterThanOrEqual(reader.readableHighWaterMark);
  // Each turn of the event loop would read more.
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  expect(reader.readableLength).toBeLessThanOrEqual(reader.readableHighWaterMark + 65_536);
  expect((await text(reader)).length).toBe(sent);
});

test('a large answer arrives whole over TLS', async () => {
  const body = JSON.stringify(Array.from({ length: 20_000 }, () => 7));
  const authority = createAuthority();
  const options = { scheme: 'https', ca: authority.cert, server: overTls(authority.issue()) };
  const { upstream } = await connectTo(answer(body), {}, options);
  expect(await upstream.ask()).toMatchObject({ status: 'ok', value: JSON.parse(body) });
});
