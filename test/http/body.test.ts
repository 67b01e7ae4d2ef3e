import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toWhole } from '../../src/engine/bytes.ts';
import type { Failed } from '../../src/engine/outcome.ts';
import { addChunk, createBody, inflate, toBytes, withoutByteOrderMark } from '../../src/http/body.ts';

describe('the collector of a body', () => {
  test('puts the chunks together, in their order, up to its limit', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }), fc.nat(100), (chunks, limit) => {
        const body = createBody(limit);
        const buffers = chunks.map((chunk) => Buffer.from(chunk));
        const whole = Buffer.concat(buffers);
        const taken = buffers.every((chunk) => addChunk(body, chunk));
        expect(taken).toBe(whole.length <= limit);
        if (taken) expect(toWhole(toBytes(body)).equals(whole)).toBe(true);
      }),
    );
  });

  test('does not copy a single chunk', () => {
    const body = createBody(10);
    const chunk = Buffer.from('{}');
    addChunk(body, chunk);
    expect(toBytes(body)).toBe(chunk);
  });

  test('keeps nothing of what passes its limit', () => {
    const body = createBody(3);
    expect(addChunk(body, Buffer.from('abc'))).toBe(true);
    expect(addChunk(body, Buffer.from('d'))).toBe(false);
    expect(addChunk(body, Buffer.alloc(0))).toBe(false);
  });
});

describe('gzip', () => {
  const run = (bytes: Buffer, limit = 1_000) =>
    new Promise<Buffer | Failed>((resolve) => inflate(bytes, limit, resolve));
  const packed = gzipSync('{"a":1}');

  test('is decoded', async () => {
    expect(await run(packed)).toEqual(Buffer.from('{"a":1}'));
  });

  test('that is called off says nothing, whether it had begun or waits its turn', async () => {
    const said: unknown[] = [];
    const callOff = Array.from({ length: 20 }, () => inflate(packed, 1_000, (result) => said.push(result)));
    for (const call of callOff) call();
    expect(await run(packed)).toEqual(Buffer.from('{"a":1}')); // it waited behind all of them
    expect(said).toEqual([]);
  });

  test('waits its turn: not all that came is in memory half decoded', async () => {
    const large = gzipSync(Buffer.alloc(1_000_000));
    let decoded = 0;
    for (let i = 0; i < 40; i += 1) inflate(large, 1_000_000, () => (decoded += 1));
    await run(packed); // small: beside them, it would be the first
    expect(decoded).toBeGreaterThan(30);
  });

  test('exactly at the limit is decoded', async () => {
    expect(await run(packed, 7)).toEqual(Buffer.from('{"a":1}'));
  });

  test.each([
    ['one byte over the limit', packed, 6],
    ['a bomb: 100 MB in 100 KB', gzipSync(Buffer.alloc(100_000_000)), 1_048_576],
    ['a bomb in many members', Buffer.concat(Array(1_000).fill(gzipSync(Buffer.alloc(10_000)))), 1_048_576],
  ])('is too large: %s', async (_name, bytes, limit) => {
    expect(await run(bytes, limit)).toMatchObject({
      failure: { code: 'too_large', message: `the answer is over ${limit} bytes` },
    });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['plain JSON', Buffer.from('{"a":1}')],
    ['cut short', packed.subarray(0, -1)],
    ['only its head', packed.subarray(0, 10)],
    ['one bit wrong in its body', flip(packed, 12)],
    ['one bit wrong in its checksum', flip(packed, packed.length - 8)],
    ['garbage behind its end', Buffer.concat([packed, Buffer.from('garbage')])],
    ['a second member cut short', Buffer.concat([packed, packed.subarray(0, -1)])],
  ])('is not valid: %s', async (_name, bytes) => {
    expect(await run(bytes)).toMatchObject({ failure: { code: 'invalid_response', reason: 'gzip' } });
  });

  test('in several members is all of them', async () => {
    expect(await run(Buffer.concat([gzipSync('{"a"'), gzipSync(':1}')]))).toEqual(Buffer.from('{"a":1}'));
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

test.each([
  ['a mark', [0xef, 0xbb, 0xbf, 0x31], [0x31]],
  ['nothing but a mark', [0xef, 0xbb, 0xbf], []],
  ['two marks', [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], [0xef, 0xbb, 0xbf]],
  ['a mark cut short', [0xef, 0xbb], [0xef, 0xbb]],
  ['no mark', [0x31], [0x31]],
])('a byte order mark is taken off once: %s', (_name, bytes, expected) => {
  expect([...withoutByteOrderMark(Buffer.from(bytes))]).toEqual(expected);
});
