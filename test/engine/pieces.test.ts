import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addPiece, createPieces, toList } from '../../src/engine/pieces.ts';

/** How a chunk comes: part of what was read from the socket, 64 KiB. */
const read = (bytes: string | Uint8Array): Buffer => {
  const buffer = Buffer.alloc(65_536);
  buffer.set(Buffer.from(bytes));
  return buffer.subarray(0, bytes.length);
};

function collect(chunks: readonly Buffer[]): readonly Buffer[] {
  const pieces = createPieces();
  for (const chunk of chunks) addPiece(pieces, chunk);
  return toList(pieces);
}

/** Of all buffers that the pieces are parts of, bytes. */
const toKept = (list: readonly Buffer[]): number =>
  [...new Set(list.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);

describe('pieces', () => {
  test('are what came, in its order', () => {
    const chunk = fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ minLength: 4_090, maxLength: 4_100 }));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
        const buffers = chunks.map(read);
        expect(Buffer.concat(collect(buffers)).equals(Buffer.concat(buffers))).toBe(true);
      }),
    );
  });

  test('are large chunks as they came', () => {
    const large = [read('a'.repeat(4_096)), read('b'.repeat(60_000))];
    const list = collect(large);
    expect(list).toHaveLength(2);
    list.forEach((piece, index) => expect(piece).toBe(large[index]));
  });

  test('of 1 MiB that comes byte by byte keep no more than its bytes', () => {
    const list = collect(Array(1_048_576).fill(read('x')));
    expect(list).toHaveLength(256);
    expect(toKept(list)).toBe(1_048_576);
  });

  test.each([[[1, 4_096]], [[4_095, 2]], [[2_049]], [[1, 1, 4_096, 4_095]]])(
    'of chunks of %j bytes, over and over, keep no more than twice their bytes of what was copied',
    (sizes) => {
      const chunks = Array.from({ length: 400 }, () => sizes.map((size) => read('x'.repeat(size)))).flat();
      const list = collect(chunks);
      const copied = list.filter((piece) => piece.buffer.byteLength < 65_536);
      expect(toKept(copied)).toBeLessThanOrEqual(2 * copied.reduce((sum, { length }) => sum + length, 0) + 4_096);
      expect(list.length).toBeLessThanOrEqual(chunks.length);
    },
  );
});
