// The form of a text, as a table of nodes that refer to each other by offset (src/json/form-table.ts writes it). A node says which
// types its values have, has the node of a list's items, and, of an object, a bit for each field that is required and for each
// length of key. At `fieldsAt` its fields begin. A field is the node of its values, the length of its key, what happens to it,
// its own bit, the length of its new name, the distance to the next field, then, both in whole vectors, the key with the quote
// behind it, and the new name with its quotes and colon. One whose key is empty of even a quote is the last.
import { isSame } from './project';

// The types of a node, as bits. Zero stands for any value, with a look at its grammar only.
export const typeString: i32 = 1;
export const typeNumber: i32 = 2;
export const typeInteger: i32 = 4;
export const typeBoolean: i32 = 8;
export const typeNull: i32 = 16;
export const typeObject: i32 = 32;
export const typeArray: i32 = 64;

// What happens to a field.
export const dropped: i32 = 0;
export const kept: i32 = 1;
export const renamed: i32 = 2;
export const hoisted: i32 = 3;

/** The node of any value, and behind it the text as a field without a key. */
export const anyNode: usize = 0;
export const textField: usize = 24;

export const itemsAt: usize = 4;
export const requiredAt: usize = 8;
export const lengthsAt: usize = 16;
export const fieldsAt: usize = 24;
export const lengthAt: usize = 4;
export const actionAt: usize = 8;
export const bitAt: usize = 9;
export const nameLengthAt: usize = 10;
export const nextAt: usize = 12;
export const keyAt: usize = 16;

/** The field with this key, which has its quote behind it, or 0. Fields mostly come in the order of the schema. */
@inline
export function findField(node: usize, expected: usize, key: usize, length: u32): usize {
  if (load<u32>(expected, lengthAt) === length && isSame(expected + keyAt, key, length)) return expected;
  return (load<u32>(node, lengthsAt) >> min<u32>(length, 31)) & 1 ? searchField(node + fieldsAt, key, length) : 0;
}

function searchField(field: usize, key: usize, length: u32): usize {
  while (load<u32>(field, lengthAt) !== 0) {
    if (load<u32>(field, lengthAt) === length && isSame(field + keyAt, key, length)) return field;
    field += load<u32>(field, nextAt);
  }
  return 0;
}
