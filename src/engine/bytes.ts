/** Bytes of an answer: in one piece or in the pieces they came in, in order. A large answer is put together only where somebody reads it. */
export type Bytes = Buffer | readonly Buffer[];

/** The same bytes in one piece. Copies those of several. */
export const toWhole = (bytes: Bytes): Buffer => (Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes));
