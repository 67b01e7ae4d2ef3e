// The grammar: whether a text is one JSON value within the limits.
import * as byte from './bytes';
import { fault, hasLoneSurrogate, isDigit, scanLiteral, scanNumber, scanString, skipSpace, startScan } from './scan';

// In the order of `verdicts` in src/json/check-wasm.ts.
const ok: i32 = 0;
const notJson: i32 = 1;
const loneSurrogate: i32 = 2;
const tooDeep: i32 = 3;
const tooManyTokens: i32 = 4;

/**
 * Checks the text from `start` to `end`. `stack` points to `depthLimit + 1` bytes: for each open container, whether the one
 * around it is an object. A container counts as a token where it opens, anything else where it has been read.
 */
export function checkText(stack: usize, start: usize, end: usize, depthLimit: i32, tokenLimit: i32): i32 {
  let at = start;
  let depth = 0;
  let tokens = 0;
  let inObject = false;
  startScan(end);
  while (true) {
    if (inObject) {
      // Without space first, here and at the colon: that is what machines write.
      if (load<u8>(at) !== byte.quote) {
        at = skipSpace(at);
        if (load<u8>(at) !== byte.quote) return notJson;
      }
      at = scanKey(at + 1);
      if (at === fault) return notJson;
      if (++tokens > tokenLimit) return tooManyTokens;
    }
    at = skipSpace(at);
    const first: i32 = load<u8>(at);
    if ((first | byte.lowerCase) === byte.openObject) {
      if (++tokens > tokenLimit) return tooManyTokens;
      if (++depth > depthLimit) return tooDeep;
      at = skipSpace(at + 1);
      // A closing brace or bracket is two above its opening one.
      if (<i32>load<u8>(at) !== first + 2) {
        store<u8>(stack + depth, inObject);
        inObject = first === byte.openObject;
        continue;
      }
      at++;
      depth--;
    } else {
      at = scanScalar(at, first);
      if (at === fault) return notJson;
      if (++tokens > tokenLimit) return tooManyTokens;
    }
    // A value has ended. Close what ends with it, up to the next comma.
    while (true) {
      at = skipSpace(at);
      if (depth === 0) return at !== end ? notJson : hasLoneSurrogate ? loneSurrogate : ok;
      const next: i32 = load<u8>(at++);
      if (next === byte.comma) break;
      if (next !== (inObject ? byte.closeObject : byte.closeArray)) return notJson;
      inObject = load<u8>(stack + depth--) !== 0;
    }
  }
}

/** A key, from behind its opening quote, and its colon. */
@inline
function scanKey(at: usize): usize {
  at = scanString(at);
  if (at === fault) return fault;
  if (load<u8>(at) !== byte.colon) {
    at = skipSpace(at);
    if (load<u8>(at) !== byte.colon) return fault;
  }
  return at + 1;
}

@inline
function scanScalar(at: usize, first: i32): usize {
  if (first === byte.quote) return scanString(at + 1);
  return isDigit(first) || first === byte.minus ? scanNumber(at) : scanLiteral(at);
}
