import type { IncomingMessage, ServerResponse } from 'node:http';
import { addPiece, createPieces, toList } from '../engine/pieces.ts';

/** Chunks of a body, however small: all of a body that is written value by value. */
const freeChunks = 4_096;
/** What further chunks have on average at least, bytes. */
const leastAverageBytes = 64;

/**
 * Keeps a body from costing more than its bytes. Of each chunk, or of what a packet brings, Node makes a buffer that takes a kilobyte
 * for as long as it is kept, so a mebibyte sent byte by byte would take one of memory and a second of time. Small ones are copied together here, whoever
 * reads them; where they are too many, `onTooMany` is called, once, and what comes behind is passed over.
 */
export function gatherChunks(request: IncomingMessage, response: ServerResponse, onTooMany: () => void): void {
  const push = request.push.bind(request);
  const pieces = createPieces();
  let chunks = 0;
  let bytes = 0;

  const areTooMany = () => bytes < (chunks - freeChunks) * leastAverageBytes;

  function handOn(list: readonly Buffer[]): boolean {
    let isWanted = true;
    for (const piece of list) isWanted = push(piece);
    return isWanted;
  }

  request.push = (chunk: Buffer | null): boolean => {
    if (areTooMany()) return true;
    if (chunk === null) {
      handOn(toList(pieces));
      return push(null);
    }
    chunks += 1;
    bytes += chunk.length;
    if (areTooMany()) {
      onTooMany();
      return true;
    }
    if (chunks === 1) return push(chunk);
    addPiece(pieces, chunk);
    return pieces.list.length === 0 || handOn(pieces.list.splice(0));
  };
  // What nobody has read by then, Node would pass over itself, chunk by chunk.
  response.prependOnceListener('finish', () => {
    if (request.complete) return;
    request.read(0);
    request.resume();
  });
}
