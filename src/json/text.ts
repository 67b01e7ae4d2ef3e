/** A JSON text: in one piece or in the pieces it came in, in order; a piece may end within a character. */
export type Text = Uint8Array | readonly Uint8Array[];

/** Whether it is in one piece. */
export const isWhole = (text: Text): text is Uint8Array => ArrayBuffer.isView(text);

/** Bytes of all pieces. */
export function toLength(text: Text): number {
  if (isWhole(text)) return text.length;
  let length = 0;
  for (const piece of text) length += piece.length;
  return length;
}

/** The same text in one piece. Copies those of several. */
export const toWhole = (text: Text): Uint8Array => (isWhole(text) ? text : Buffer.concat(text));
