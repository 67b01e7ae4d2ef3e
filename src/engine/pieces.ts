/**
 * Chunks below so many bytes are copied together. A chunk is an object of some hundred bytes and keeps the whole buffer it was
 * read with: an upstream that sends byte by byte would take many times as much memory as it may send.
 */
const leastBytes = 4_096;

/** Bytes that come in chunks of any size, in pieces of which no two in a row are small. */
export interface Pieces {
  readonly list: Buffer[];
  /** Where small chunks are put; those between `from` and `to` are in no piece yet. */
  room: Buffer;
  from: number;
  to: number;
}

const noRoom = Buffer.alloc(0);

/** Nothing yet. */
export const createPieces = (): Pieces => ({ list: [], room: noRoom, from: 0, to: 0 });

/** Takes one more chunk. */
export function addPiece(pieces: Pieces, chunk: Buffer): void {
  if (chunk.length >= leastBytes) {
    endPiece(pieces);
    pieces.list.push(chunk);
    return;
  }
  if (chunk.length > pieces.room.length - pieces.to) {
    endPiece(pieces);
    pieces.room = Buffer.allocUnsafeSlow(leastBytes);
    pieces.from = 0;
    pieces.to = 0;
  }
  pieces.room.set(chunk, pieces.to);
  pieces.to += chunk.length;
}

/** All of them. */
export function toList(pieces: Pieces): readonly Buffer[] {
  endPiece(pieces);
  return pieces.list;
}

function endPiece(pieces: Pieces): void {
  const { room, from, to } = pieces;
  if (to > from) pieces.list.push(room.subarray(from, to));
  pieces.from = to;
}
