import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { gatherChunks } from '../../src/server/chunks.ts';
import { byteByByte } from '../faults/behaviours.ts';
import { openRaw } from '../faults/clients/raw.ts';
import { openStage, probe } from '../faults/clients/stage.ts';

/** A request to which Node would push what its parser found, and everything that whoever reads it gets. */
function createRequest(onTooMany = () => {}) {
  const request = new IncomingMessage(new Socket());
  const read: Buffer[] = [];
  gatherChunks(request, new ServerResponse(request), onTooMany);
  request.on('data', (chunk: Buffer) => read.push(chunk));
  return { request, read };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a body in chunks', () => {
  test('is read as it came, in its order', async () => {
    const chunk = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 5 }),
      fc.uint8Array({ minLength: 4_090, maxLength: 4_100 }),
    );
    const property = fc.asyncProperty(fc.array(chunk, { maxLength: 12 }), async (chunks) => {
      const { request, read } = createRequest();
      for (const each of chunks) request.push(Buffer.from(each));
      request.push(null);
      await turn();
      expect(Buffer.concat(read).equals(Buffer.concat(chunks))).toBe(true);
      expect(request.readableEnded).toBe(true);
    });
    await fc.assert(property);
  });

  test('is read in few, where they are small', async () => {
    const { request, read } = createRequest();
    for (let i = 0; i < 200_000; i += 1) request.push(Buffer.alloc(64, 'x'));
    request.push(null);
    await turn();
    expect(Buffer.concat(read)).toHaveLength(64 * 200_000);
    expect(read.length).toBeLessThanOrEqual(200_000 / 64 + 2);
  });

  test.each([
    [1, 4_096 + 65],
    [63, 4_096 * 64],
    [64, Number.POSITIVE_INFINITY],
  ])('of %i bytes each is read as far as they are not too many, %f', async (size, most) => {
    const onTooMany = vi.fn();
    const { request, read } = createRequest(onTooMany);
    for (let i = 0; i < Math.min(most, 300_000); i += 1) request.push(Buffer.alloc(size));
    expect(onTooMany).not.toHaveBeenCalled();
    if (most === Number.POSITIVE_INFINITY) return;
    for (let i = 0; i < 10_000; i += 1) request.push(Buffer.alloc(size));
    request.push(null);
    await turn();
    expect(onTooMany).toHaveBeenCalledTimes(1);
    expect(read.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(size * most);
    expect(request.readableEnded).toBe(false);
  });
});

const chunked = (target: string, body: string) =>
  `${target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${byteByByte(body)}`;

async function send(bytes: string) {
  const stage = await openStage();
  onTestFinished(() => stage.close());
  const client = await openRaw(stage.port);
  onTestFinished(() => client.end());
  client.send(bytes);
  return { stage, client };
}

describe('a request in chunks of one byte', () => {
  test('is taken like any other', async () => {
    const { stage, client } = await send(chunked('POST /v1/items', `{"a":${' '.repeat(3_000)}1}`) + probe);
    await client.answered(2);
    expect(client.answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(stage.handled).toMatchObject([{ route: 'add', body: { a: 1 } }]);
  });

  test.each(['POST /v1/items', 'POST /v1/nothing'])('is refused where they are too many: %s', async (target) => {
    const { stage, client } = await send(chunked(target, `{"a":${' '.repeat(5_000)}1}`));
    expect(await client.closed()).toBe(true);
    expect(client.answers.map(({ status }) => status)).toEqual([413]);
    expect(client.answers[0]?.headers).toMatchObject({ connection: 'close' });
    expect(stage.handled).toEqual([]);
    await expect.poll(() => stage.lines).toMatchObject([{ status: 413, reason: 'TOO_MANY_CHUNKS' }]);
  });

  test.each([
    ['GET /v1/items', 400],
    ['GET /livez', 200],
    ['GET /v1/nothing', 404],
  ])('closes its connection where nobody reads it and they are too many: %s', async (target, status) => {
    const few = await send(chunked(target, 'x'.repeat(4_000)) + probe);
    await few.client.answered(2);
    expect(few.client.answers.map((answer) => answer.status)).toEqual([status, 200]);

    const { client } = await send(chunked(target, 'x'.repeat(5_000)) + probe);
    expect(await client.closed()).toBe(true);
    expect(client.answers.map((answer) => answer.status)).toEqual([status]);
  });
});
