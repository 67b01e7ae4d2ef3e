// The grammar: whether a text is one JSON value within the limits, and, on the same way, its projection.
import * as byte from './bytes';
import { anyNode, fieldBehind, findField, firstField, itemOf, keepsOther, move, textNode, valueOf } from './project';
import { fault, hasLoneSurrogate, isDigit, scanLiteral, scanNumber, scanString, skipSpace, startScan } from './scan';

// In the order of `verdicts` in src/json/verdict.ts.
const ok: i32 = 0;
const notJson: i32 = 1;
const loneSurrogate: i32 = 2;
const tooDeep: i32 = 3;
const tooManyTokens: i32 = 4;

/** Bytes of the stack for each container that is open while a text is projected. */
export const frameSize: usize = 16;

/** Where the projection of the last text ends that was `ok`: at the end of the text where nothing was dropped. */
export let projectionEnd: usize = 0;

/**
 * Checks the text from `start` to `end`. `stack` points to `depthLimit + 1` bytes: for each open container, whether the one
 * around it is an object. A container counts as a token where it opens, anything else where it has been read.
 */
export function checkText(stack: usize, start: usize, end: usize, depthLimit: i32, tokenLimit: i32): i32 {
  return readText(false, stack, start, end, depthLimit, tokenLimit, 0);
}

/**
 * The same, and writes the text from `start` again without the fields that the shape at `table` does not name. `stack` points
 * to `depthLimit + 1` frames.
 */
export function projectText(
  stack: usize, start: usize, end: usize, depthLimit: i32, tokenLimit: i32, table: usize,
): i32 {
  return readText(true, stack, start, end, depthLimit, tokenLimit, table);
}

/** Inlined above, once without everything that `projects`. */
@inline
function readText(
  projects: bool, stack: usize, start: usize, end: usize, depthLimit: i32, tokenLimit: i32, table: usize,
): i32 {
  let at = start;
  let depth = 0;
  let tokens = 0;
  let inObject = false;

  const any = table + anyNode;
  // Of the open container: its node, the field that should be next, whether a field has been kept.
  let node = table + textNode;
  let expected: usize = 0;
  let hasKept = false;
  let shape = any;
  // What is kept from `from` on belongs to `to`, and has not moved yet.
  let from = start;
  let to = start;
  let behindLast = start;
  let droppedDepth = -1;

  startScan(end);
  while (true) {
    if (inObject) {
      // Without space first, here and at the colon: that is what machines write.
      if (load<u8>(at) !== byte.quote) {
        at = skipSpace(at);
        if (load<u8>(at) !== byte.quote) return notJson;
      }
      const key = at + 1;
      at = scanString(key);
      if (at === fault) return notJson;
      if (projects) {
        shape = any;
        if (node !== any) {
          const field = findField(node, expected, key, <u32>(at - key));
          if (field !== 0) {
            shape = valueOf(table, field);
            expected = fieldBehind(field);
          }
          if (field !== 0 || keepsOther(node, key, at)) {
            // What was dropped before the first field that is kept leaves its comma.
            if (!hasKept && from === behindLast) from = key - 1;
            hasKept = true;
          } else {
            to = move(to, from, behindLast, at);
            droppedDepth = depth;
          }
        }
      }
      if (load<u8>(at) !== byte.colon) {
        at = skipSpace(at);
        if (load<u8>(at) !== byte.colon) return notJson;
      }
      at++;
      if (++tokens > tokenLimit) return tooManyTokens;
    } else if (projects) {
      shape = itemOf(table, node);
    }
    at = skipSpace(at);
    const first: i32 = load<u8>(at);
    if ((first | byte.lowerCase) === byte.openObject) {
      if (++tokens > tokenLimit) return tooManyTokens;
      if (++depth > depthLimit) return tooDeep;
      if (projects) behindLast = at + 1;
      at = skipSpace(at + 1);
      // A closing brace or bracket is two above its opening one.
      if (<i32>load<u8>(at) !== first + 2) {
        if (projects) {
          const frame = stack + depth * frameSize;
          store<u8>(frame, inObject);
          store<u8>(frame, hasKept, 1);
          store<usize>(frame, node, 4);
          store<usize>(frame, expected, 8);
          // Where another kind of value stands than the shape says, it is somebody else who says so.
          node = <i32>load<u8>(shape) === first ? shape : any;
          expected = firstField(node);
          hasKept = false;
        } else {
          store<u8>(stack + depth, inObject);
        }
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
      if (projects) {
        behindLast = at;
        if (depth === droppedDepth) {
          from = at;
          droppedDepth = -1;
        }
      }
      at = skipSpace(at);
      if (depth === 0) {
        if (at !== end) return notJson;
        if (projects) projectionEnd = move(to, from, end, end);
        return hasLoneSurrogate ? loneSurrogate : ok;
      }
      const next: i32 = load<u8>(at++);
      if (next === byte.comma) break;
      if (next !== (inObject ? byte.closeObject : byte.closeArray)) return notJson;
      if (projects) {
        const frame = stack + depth-- * frameSize;
        inObject = load<u8>(frame) !== 0;
        hasKept = load<u8>(frame, 1) !== 0;
        node = load<usize>(frame, 4);
        expected = load<usize>(frame, 8);
      } else {
        inObject = load<u8>(stack + depth--) !== 0;
      }
    }
  }
}

@inline
function scanScalar(at: usize, first: i32): usize {
  if (first === byte.quote) return scanString(at + 1);
  return isDigit(first) || first === byte.minus ? scanNumber(at) : scanLiteral(at);
}
