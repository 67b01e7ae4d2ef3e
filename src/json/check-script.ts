import { isUtf8 } from 'node:buffer';
import { isDigit, scanLiteral, scanNumber, scanString, skipSpace } from './scan.ts';
import { toWhole } from './text.ts';
import type { TextCheck } from './verdict.ts';

const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const colon = 0x3a;
const openObject = 0x7b;
const closeObject = 0x7d;
const openArray = 0x5b;
const closeArray = 0x5d;

/** The check without WebAssembly: the same steps as wasm/assembly/check.ts, so the same verdicts. */
export const checkInScript: TextCheck = (text, { depth, tokens }) => {
  const bytes = toWhole(text);
  if (!isUtf8(bytes)) return 'not_utf8';
  /** For each open container, whether the one around it is an object. */
  const stack: boolean[] = [];
  const found = { loneSurrogate: false };
  let at = 0;
  let count = 0;
  let inObject = false;
  for (;;) {
    if (inObject) {
      at = skipSpace(bytes, at);
      if (bytes[at] !== quote) return 'not_json';
      at = scanString(bytes, at + 1, found);
      if (at < 0) return 'not_json';
      at = skipSpace(bytes, at);
      if (bytes[at] !== colon) return 'not_json';
      at += 1;
      count += 1;
      if (count > tokens) return 'too_many_tokens';
    }
    at = skipSpace(bytes, at);
    const first = bytes[at] ?? 0;
    if (first === openObject || first === openArray) {
      count += 1;
      if (count > tokens) return 'too_many_tokens';
      if (stack.length >= depth) return 'too_deep';
      at = skipSpace(bytes, at + 1);
      if (bytes[at] !== (first === openObject ? closeObject : closeArray)) {
        stack.push(inObject);
        inObject = first === openObject;
        continue;
      }
      at += 1;
    } else {
      if (first === quote) at = scanString(bytes, at + 1, found);
      else if (first === minus || isDigit(first)) at = scanNumber(bytes, at);
      else at = scanLiteral(bytes, at);
      if (at < 0) return 'not_json';
      count += 1;
      if (count > tokens) return 'too_many_tokens';
    }
    // A value has ended. Close what ends with it, up to the next comma.
    for (;;) {
      at = skipSpace(bytes, at);
      if (stack.length === 0) {
        if (at < bytes.length) return 'not_json';
        return found.loneSurrogate ? 'lone_surrogate' : 'ok';
      }
      const next = bytes[at];
      at += 1;
      if (next === comma) break;
      if (next !== (inObject ? closeObject : closeArray)) return 'not_json';
      inObject = stack.pop() ?? false;
    }
  }
};
