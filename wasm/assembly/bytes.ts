// The bytes that JSON gives a meaning.
export const space: i32 = 0x20;
export const lineFeed: i32 = 0x0a;
export const carriageReturn: i32 = 0x0d;
export const tab: i32 = 0x09;
export const quote: i32 = 0x22;
export const backslash: i32 = 0x5c;
export const slash: i32 = 0x2f;
export const comma: i32 = 0x2c;
export const colon: i32 = 0x3a;
export const plus: i32 = 0x2b;
export const minus: i32 = 0x2d;
export const dot: i32 = 0x2e;
export const zero: i32 = 0x30;
export const openArray: i32 = 0x5b;
export const closeArray: i32 = 0x5d;
export const openObject: i32 = 0x7b;
export const closeObject: i32 = 0x7d;
export const letterA: i32 = 0x61;
export const letterB: i32 = 0x62;
export const letterE: i32 = 0x65;
export const letterF: i32 = 0x66;
export const letterN: i32 = 0x6e;
export const letterR: i32 = 0x72;
export const letterT: i32 = 0x74;
export const letterU: i32 = 0x75;

/** Sets the bit in which a small letter differs from its capital, and an opening brace from a bracket. */
export const lowerCase: i32 = 0x20;
/** The last of the bytes that must not stand in a string. */
export const lastControl: i32 = 0x1f;

// Four bytes read as one little-endian word.
export const wordTrue: u32 = 0x65757274;
export const wordNull: u32 = 0x6c6c756e;
export const wordAlse: u32 = 0x65736c61;
/** A backslash and a `u`. */
export const wordEscape: u16 = 0x755c;
