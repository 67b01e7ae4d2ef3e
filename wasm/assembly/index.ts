// What JavaScript calls: `reserve`, then the bytes are copied to where it says, then `check`; or, for a projection, `reserve` for
// the text and its table, then the table is copied to where the text begins less its length, then `project`. The module
// has no state between texts.
import { checkText, frameSize, projectionEnd, projectText } from './check';
import { padding } from './scan';

const pageSize: usize = 65_536;

/**
 * Makes room for a text of `length` bytes behind `front` bytes, both below 2^30. Returns the address for the first byte of the
 * text, or 0 where there is no memory left.
 */
export function reserve(length: usize, front: usize): usize {
  const start = textStart(front);
  const pages = <i32>((start + length + padding + pageSize - 1) / pageSize);
  const missing = pages - memory.size();
  return missing > 0 && memory.grow(missing) < 0 ? 0 : start;
}

/** Checks the text behind `reserve`, which must have had the same `length`, and `depth` as `front`. Returns the verdict. */
export function check(length: usize, depth: i32, tokens: i32): i32 {
  const start = textStart(depth);
  return checkText(__heap_base, start, start + length, depth, tokens);
}

/**
 * Checks and projects the text at `start`. In front there must be 16 bytes for each level of `depth` and one more, and then
 * the table. Returns the length of what is left, which stands at `start`, or minus the verdict.
 */
export function project(start: usize, length: usize, table: usize, depth: i32, tokens: i32): isize {
  const verdict = projectText(__heap_base, start, start + length, depth, tokens, table);
  return verdict === 0 ? projectionEnd - start : -verdict;
}

/** The text stands behind what is in front of it, where a vector begins. */
function textStart(front: usize): usize {
  return (__heap_base + front + 16) & ~15;
}
