// What a projection knows of its shape, and how it writes what is kept. The steps are in check.ts: a text is projected
// while it is checked, over itself, because what is kept only ever moves to the front.
//
// A shape is a table of nodes that refer to each other by offset (src/json/shape-table.ts writes it). A node begins with
// the bracket that opens its values. At `itemsAt` it has the node of a list's items, or, for an object, a bit for each length of
// key; at `fieldsAt` the fields of an object begin. A field is the node of its values, the length of its key, and the key with
// the quote behind it, in 16, 32, ... bytes. One whose key is empty of even a quote is the last.
import * as byte from './bytes';

/** The node of any value: it has no bracket, and all of its items are any value too. */
export const anyNode: usize = 0;
/** The node of a list with one item, the text. */
export const textNode: usize = 16;

const keepsOthersAt: usize = 1;
const itemsAt: usize = 4;
const lengthsAt: usize = 4;
const fieldsAt: usize = 8;
const lengthAt: usize = 4;
const keyAt: usize = 8;

/** The node of an item of a list. */
@inline
export function itemOf(table: usize, node: usize): usize {
  return table + load<u32>(node, itemsAt);
}

/** The node of a field's value. */
@inline
export function valueOf(table: usize, field: usize): usize {
  return table + load<u32>(field);
}

@inline
export function firstField(node: usize): usize {
  return node + fieldsAt;
}

@inline
export function fieldBehind(field: usize): usize {
  return field + keyAt + ((load<u32>(field, lengthAt) + 15) & ~15);
}

/** The field with this key, which has its quote behind it, or 0. Fields mostly come in the order of the shape. */
@inline
export function findField(node: usize, expected: usize, key: usize, length: u32): usize {
  if (isKey(expected, key, length)) return expected;
  return (load<u32>(node, lengthsAt) >> min<u32>(length, 31)) & 1 ? searchField(firstField(node), key, length) : 0;
}

/** Whether a field that the node does not name stays: always where its key could be one of the node's, but escaped. */
@inline
export function keepsOther(node: usize, key: usize, end: usize): bool {
  return load<u8>(node, keepsOthersAt) !== 0 || hasEscape(key, end);
}

/** Whether there is a backslash between the two addresses. */
@inline
export function hasEscape(at: usize, end: usize): bool {
  for (; at < end; at += 16) {
    const backslashes = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(<i8>byte.backslash)));
    if (backslashes !== 0 && at + ctz(backslashes) < end) return true;
  }
  return false;
}

/** Moves bytes to the front, and returns the address behind them. What stands before `free` is of no more use. */
@inline
export function move(to: usize, from: usize, end: usize, free: usize): usize {
  const behind = to + end - from;
  if (to === from || from === end) return behind;
  // Where there is no room for a last vector.
  if (behind + 16 > free) memory.copy(to, from, end - from);
  else copy(to, from, end);
  return behind;
}

/**
 * Copies bytes in whole vectors, so up to 15 more are read and written than there are, and returns the address behind them.
 * Runs are short: this is faster than the call of a copy.
 */
@inline
export function copy(to: usize, from: usize, end: usize): usize {
  const behind = to + end - from;
  for (; to < behind; to += 16, from += 16) v128.store(to, v128.load(from));
  return behind;
}

function searchField(field: usize, key: usize, length: u32): usize {
  while (load<u32>(field, lengthAt) !== 0) {
    if (isKey(field, key, length)) return field;
    field = fieldBehind(field);
  }
  return 0;
}

@inline
function isKey(field: usize, key: usize, length: u32): bool {
  return load<u32>(field, lengthAt) === length && isSame(field + keyAt, key, length);
}

/** Whether the bytes at both addresses are the same. What is behind them is read up to a whole vector. */
@inline
export function isSame(known: usize, key: usize, length: u32): bool {
  for (; length > 16; length -= 16, key += 16, known += 16) {
    if (i8x16.bitmask(i8x16.eq(v128.load(key), v128.load(known))) !== 0xffff) return false;
  }
  const others = i8x16.bitmask(i8x16.eq(v128.load(key), v128.load(known))) ^ 0xffff;
  return others << (32 - length) === 0;
}
