// What JavaScript calls: `reserve`, then the bytes are copied to where it says, then `check`. The module has no state
// between texts. Another way to read a text (a projection, say) is a file beside check.ts, built on scan.ts.
import { checkText } from './check';
import { padding } from './scan';

const pageSize: usize = 65_536;

/**
 * Makes room for a text of `length` bytes and a nesting of `depth`, both below 2^30. Returns the address for the first
 * byte, or 0 where there is no memory left.
 */
export function reserve(length: usize, depth: usize): usize {
  const start = textStart(depth);
  const pages = <i32>((start + length + padding + pageSize - 1) / pageSize);
  const missing = pages - memory.size();
  return missing > 0 && memory.grow(missing) < 0 ? 0 : start;
}

/** Checks the text that was copied behind `reserve`, which must have had the same `length` and `depth`. */
export function check(length: usize, depth: i32, tokens: i32): i32 {
  const start = textStart(depth);
  return checkText(__heap_base, start, start + length, depth, tokens);
}

/** The text stands behind the stack of open containers, where a vector begins. */
function textStart(depth: usize): usize {
  return (__heap_base + depth + 16) & ~15;
}
