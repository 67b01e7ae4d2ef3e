import { gunzip } from 'node:zlib';
import pLimit from 'p-limit';
import { type Bytes, toWhole } from '../engine/bytes.ts';
import { type Failed, failed } from '../engine/outcome.ts';
import { addPiece, createPieces, type Pieces, toList } from '../engine/pieces.ts';

/** The chunks of one body, as far as they have come. */
export interface Body {
  readonly maxBytes: number;
  size: number;
  /** The first chunk, as long as no other has come. */
  first: Buffer | undefined;
  pieces: Pieces | undefined;
}

/** A body that may have so many bytes, of which none have come. A record, because there are three in most requests. */
export const createBody = (maxBytes: number): Body => ({
  maxBytes,
  size: 0,
  first: undefined,
  pieces: undefined,
});

/** False when the chunk passes the limit; it is not kept then. */
export function addChunk(body: Body, chunk: Buffer): boolean {
  body.size += chunk.length;
  if (body.size > body.maxBytes) return false;
  if (body.pieces) addPiece(body.pieces, chunk);
  else if (!body.first) body.first = chunk;
  else {
    body.pieces = createPieces();
    addPiece(body.pieces, body.first);
    addPiece(body.pieces, chunk);
    body.first = undefined;
  }
  return true;
}

/** Everything that has come. */
export const toBytes = ({ first, pieces }: Body): Bytes => (pieces ? toList(pieces) : (first ?? noBytes));

const noBytes = Buffer.alloc(0);

/** What is said of a body over the limit. */
export const tooLarge = (maxBytes: number): Failed =>
  failed('too_large', `the answer is over ${maxBytes} bytes`, { reason: 'bytes' });

/**
 * Bodies that are decoded at once: as many as Node has threads for. More would not be faster; they would only all be in
 * memory, half decoded.
 */
const decoding = pLimit(4);

/**
 * Decodes gzip in the background, and stops at the limit: the limit is on decoded bytes. Returns what calls it off, after which
 * `done` is not called.
 */
export function inflate(bytes: Buffer, maxBytes: number, done: (result: Buffer | Failed) => void): () => void {
  let isWanted = true;
  const decode = () =>
    new Promise<void>((resolve) => {
      if (!isWanted) return resolve();
      gunzip(bytes, { maxOutputLength: maxBytes }, (error, decoded) => {
        resolve();
        if (!isWanted) return;
        if (!error) done(decoded);
        else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') done(tooLarge(maxBytes));
        else done(failed('invalid_response', 'the answer is not valid gzip', { reason: 'gzip' }));
      });
    });
  void decoding(decode);
  return () => {
    isWanted = false;
  };
}

/** The bytes without a byte order mark, which JSON text does not need (RFC 8259, 8.1). */
export function withoutByteOrderMark(bytes: Bytes): Bytes {
  // No JSON begins like this, so what is put together for it is rare.
  if (!Buffer.isBuffer(bytes)) return bytes[0]?.[0] === 0xef ? withoutByteOrderMark(toWhole(bytes)) : bytes;
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
