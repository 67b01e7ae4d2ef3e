// How far one space, string, number or literal of a JSON text reaches (RFC 8259). Each function takes the index of a first
// byte and returns the index behind the last one, or -1 where there is no such thing. A missing byte reads as 0, which no
// token contains. The text is valid UTF-8.

/** What the scans of one text noticed on their way. */
export interface Found {
  /** A string has half of a surrogate pair as an escape. */
  loneSurrogate: boolean;
}

const quote = 0x22;
const backslash = 0x5c;
const lowerCase = 0x20;

/** White space, which may be none. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let end = at;
  for (;;) {
    const byte = bytes[end] ?? 0;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return end;
    end += 1;
  }
}

/** A string, from behind its opening quote. */
export function scanString(bytes: Uint8Array, at: number, found: Found): number {
  let end = at;
  for (;;) {
    const byte = bytes[end] ?? 0;
    if (byte === quote) return end + 1;
    if (byte === backslash) {
      end = scanEscape(bytes, end + 1, found);
      if (end < 0) return -1;
    } else {
      if (byte < 0x20) return -1;
      end += 1;
    }
  }
}

/** A number, from its minus or first digit. */
export function scanNumber(bytes: Uint8Array, at: number): number {
  let end = bytes[at] === 0x2d ? at + 1 : at;
  end = bytes[end] === 0x30 ? end + 1 : scanDigits(bytes, end);
  if (end >= 0 && bytes[end] === 0x2e) end = scanDigits(bytes, end + 1);
  if (end < 0 || ((bytes[end] ?? 0) | lowerCase) !== 0x65) return end;
  const sign = bytes[end + 1];
  return scanDigits(bytes, sign === 0x2b || sign === 0x2d ? end + 2 : end + 1);
}

/** Whether the byte is an ASCII digit. */
export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

const trueBytes = Buffer.from('true');
const falseBytes = Buffer.from('false');
const nullBytes = Buffer.from('null');

/** `true`, `false` or `null`. */
export function scanLiteral(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const literal = first === trueBytes[0] ? trueBytes : first === falseBytes[0] ? falseBytes : nullBytes;
  for (let index = 0; index < literal.length; index += 1) if (bytes[at + index] !== literal[index]) return -1;
  return at + literal.length;
}

/** At least one digit. */
function scanDigits(bytes: Uint8Array, at: number): number {
  let end = at;
  while (isDigit(bytes[end] ?? 0)) end += 1;
  return end === at ? -1 : end;
}

const shortEscapes = new Set(Buffer.from('"\\/bfnrt'));

/** An escape, from behind its backslash. */
function scanEscape(bytes: Uint8Array, at: number, found: Found): number {
  const byte = bytes[at] ?? 0;
  if (byte !== 0x75) return shortEscapes.has(byte) ? at + 1 : -1;
  const unit = readHex(bytes, at + 1);
  if (unit < 0) return -1;
  const end = at + 5;
  if (unit < 0xd800 || unit > 0xdfff) return end;
  if (unit < 0xdc00 && bytes[end] === backslash && bytes[end + 1] === 0x75) {
    const next = readHex(bytes, end + 2);
    if (next >= 0xdc00 && next <= 0xdfff) return end + 6;
  }
  found.loneSurrogate = true;
  return end;
}

/** The value of four hexadecimal digits, or -1. */
function readHex(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let index = at; index < at + 4; index += 1) {
    const byte = bytes[index] ?? 0;
    const letter = (byte | lowerCase) - 0x61;
    if (isDigit(byte)) value = value * 16 + byte - 0x30;
    else if (letter >= 0 && letter < 6) value = value * 16 + letter + 10;
    else return -1;
  }
  return value;
}
