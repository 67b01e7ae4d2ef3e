// What JavaScript calls: `reserve`, then the bytes are copied to where it says, then `check`; or, for a projection, `reserve` for
// the text and its table, then the table is copied to where the text begins less its length, then `project`; or, for a
// selection, the same with room for what is written, then `select`. The module has no state between texts.
import { checkText, frameSize, projectionEnd, projectText } from './check';
import { padding } from './scan';
import { selectText } from './select';

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

/**
 * Selects from the text at `start` into the `room` bytes at `out`, which are in front of it as the table is. Returns the length
 * of what stands there then, or -1 where JavaScript has to look.
 */
export function select(
  start: usize, length: usize, table: usize, out: usize, room: usize, depth: i32, tokens: i32,
): isize {
  const end = selectText(start, start + length, table, out, room, depth, tokens);
  return end === 0 ? -1 : end - out;
}

/** The text stands behind what is in front of it, where a vector begins. */
function textStart(front: usize): usize {
  return (__heap_base + front + 16) & ~15;
}
