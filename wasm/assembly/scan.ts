// How far one space, string, number or literal of a JSON text reaches (RFC 8259). Each function takes the address of a
// first byte and returns the address behind the last one, or `fault`. The text is valid UTF-8 and has `padding` zero bytes
// behind it; no token contains a zero, so nothing here looks for the end of the text. `@inline` stands where the call
// would cost as much as the work.
import * as byte from './bytes';

/** No such thing here. Never an address, because no text begins at 0. */
export const fault: usize = 0;

/** The zero bytes behind a text: one vector, the most that a scan reads beyond what it has looked at. */
export const padding: usize = 16;

/** Whether a string since `startScan` had one half of a surrogate pair as an escape. */
export let hasLoneSurrogate: bool = false;

/** Where the last exponent of a number since `startScan` begins; 0 where there was none. */
export let lastExponent: usize = 0;

/** To be called before the scans of a text that ends at `end`. */
export function startScan(end: usize): void {
  v128.store(end, i8x16.splat(0));
  hasLoneSurrogate = false;
  lastExponent = 0;
}

/** White space, which may be none: never a fault. */
@inline
export function skipSpace(at: usize): usize {
  return <i32>load<u8>(at) > byte.space ? at : skipSpaces(at);
}

/** A string, from behind its opening quote. */
@inline
export function scanString(at: usize): usize {
  while (true) {
    const bytes = v128.load(at);
    const quotes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(<i8>byte.quote)));
    const backslashes = i8x16.eq(bytes, i8x16.splat(<i8>byte.backslash));
    const controls = i8x16.eq(bytes, i8x16.min_u(bytes, i8x16.splat(<i8>byte.lastControl)));
    const others = i8x16.bitmask(v128.or(backslashes, controls));
    // Up to the first quote, or all sixteen. The next address depends on the quotes alone, so the processor goes on with
    // it while it still looks at the others.
    const inside = quotes ^ (quotes - 1);
    if ((others & inside) === 0) {
      if (quotes !== 0) return at + ctz(quotes) + 1;
      at += 16;
    } else {
      at += ctz(others);
      if (load<u8>(at) !== byte.backslash) return fault;
      at = scanEscape(at + 1);
      if (at === fault) return fault;
    }
  }
}

/** A number, from its minus or first digit. */
export function scanNumber(at: usize): usize {
  let char: i32 = load<u8>(at);
  if (char === byte.minus) char = load<u8>(++at);
  at = char === byte.zero ? at + 1 : scanDigits(at);
  if (at === fault) return fault;
  char = load<u8>(at);
  if (char === byte.dot) {
    at = scanDigits(at + 1);
    if (at === fault) return fault;
    char = load<u8>(at);
  }
  if ((char | byte.lowerCase) !== byte.letterE) return at;
  lastExponent = at;
  char = load<u8>(++at);
  return scanDigits(char === byte.plus || char === byte.minus ? at + 1 : at);
}

@inline
export function isDigit(char: i32): bool {
  return <u32>(char - byte.zero) < 10;
}

/** `true`, `false` or `null`. */
export function scanLiteral(at: usize): usize {
  const word = load<u32>(at);
  if (word === byte.wordTrue || word === byte.wordNull) return at + 4;
  return load<u8>(at) === byte.letterF && load<u32>(at + 1) === byte.wordAlse ? at + 5 : fault;
}

function skipSpaces(at: usize): usize {
  // A single space, as behind a colon, is not worth a vector.
  if (load<u8>(at) === byte.space && <i32>load<u8>(at + 1) > byte.space) return at + 1;
  while (true) {
    const bytes = v128.load(at);
    const spaces = i8x16.eq(bytes, i8x16.splat(<i8>byte.space));
    const lineFeeds = i8x16.eq(bytes, i8x16.splat(<i8>byte.lineFeed));
    const returns = i8x16.eq(bytes, i8x16.splat(<i8>byte.carriageReturn));
    const tabs = i8x16.eq(bytes, i8x16.splat(<i8>byte.tab));
    const others = i8x16.bitmask(v128.or(v128.or(spaces, lineFeeds), v128.or(returns, tabs))) ^ 0xffff;
    if (others !== 0) return at + ctz(others);
    at += 16;
  }
}

/** At least one digit. Numbers are short: here a loop is faster than a vector. */
@inline
function scanDigits(at: usize): usize {
  if (!isDigit(load<u8>(at))) return fault;
  do at++;
  while (isDigit(load<u8>(at)));
  return at;
}

/** An escape, from behind its backslash. */
function scanEscape(at: usize): usize {
  const char: i32 = load<u8>(at);
  if (char === byte.letterU) return scanUnicode(at + 1);
  const isShort =
    char === byte.quote || char === byte.backslash || char === byte.slash || char === byte.letterB ||
    char === byte.letterF || char === byte.letterN || char === byte.letterR || char === byte.letterT;
  return isShort ? at + 1 : fault;
}

/** The four digits of an escape; where they are the first half of a surrogate pair, the other half as well. */
function scanUnicode(at: usize): usize {
  const unit = readHex(at);
  if (unit < 0) return fault;
  at += 4;
  const isHigh = unit >= 0xd800 && unit < 0xdc00;
  const isLow = unit >= 0xdc00 && unit < 0xe000;
  if (isHigh && load<u16>(at) === byte.wordEscape) {
    const next = readHex(at + 2);
    if (next >= 0xdc00 && next < 0xe000) return at + 6;
  }
  if (isHigh || isLow) hasLoneSurrogate = true;
  return at;
}

/** The value of four hexadecimal digits, or -1. */
function readHex(at: usize): i32 {
  let value = 0;
  for (const end = at + 4; at < end; at++) {
    const char: i32 = load<u8>(at);
    const letter = (char | byte.lowerCase) - byte.letterA;
    if (isDigit(char)) value = (value << 4) | (char - byte.zero);
    else if (<u32>letter < 6) value = (value << 4) | (letter + 10);
    else return -1;
  }
  return value;
}
