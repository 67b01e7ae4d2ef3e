// A selection: in one pass a text is checked against the types of a schema, and what a template takes of it is written
// out under the template's names. Whatever is not sure here (a text that is no JSON or beyond a limit, a mismatch, a key that
// is escaped or comes twice, a number that may not be finite, no room) is a `fault`, and JavaScript looks again.
import * as byte from './bytes';
import * as form from './form';
import { copy, hasEscape } from './project';
import {
  fault, hasLoneSurrogate, isDigit, lastExponent, padding, scanLiteral, scanNumber, scanString, skipSpace, startScan,
} from './scan';

/** Bytes of a number that is finite with an exponent below 100, too. */
const longestNumber: usize = 200;

let table: usize = 0;
/** Values and keys that may still come. */
let tokens: i32 = 0;
/** Where the next byte is written, and where the last one may be. */
let to: usize = 0;
let room: usize = 0;
let isFull: bool = false;
/** What is kept from here on has not been written yet; 0 where nothing is kept at the moment. */
let from: usize = 0;
/** Whether the object that is being written has a member. */
let hasMember: bool = false;

/** Selects from the text from `start` to `end` into `length` bytes from `out` on. Returns the address behind them, or `fault`. */
export function selectText(
  start: usize, end: usize, tableStart: usize, out: usize, length: usize, depthLimit: i32, tokenLimit: i32,
): usize {
  table = tableStart;
  tokens = tokenLimit;
  to = out;
  room = out + length - padding;
  isFull = false;
  hasMember = false;
  startScan(end);
  from = 0;
  const field = table + form.textField;
  const value = table + load<u32>(field);
  let at = skipSpace(start);
  if (load<u8>(field, form.actionAt) === form.hoisted) at = readHoisted(at, value, depthLimit, true);
  else {
    startRenamed(field, at);
    at = readValue(at, value, depthLimit, true);
  }
  if (at === fault) return fault;
  write(at);
  return skipSpace(at) !== end || hasLoneSurrogate || isFull ? fault : to;
}

/** A value of this node. What is kept is so from its first byte to its last one. */
function readValue(at: usize, node: usize, depth: i32, keeps: bool): usize {
  const types: i32 = load<u8>(node);
  if (types === 0) return skipValue(at, depth);
  if (--tokens < 0) return fault;
  const first: i32 = load<u8>(at);
  if (first === byte.quote) return types & form.typeString ? scanString(at + 1) : fault;
  if (isDigit(first) || first === byte.minus) return readNumber(at, types);
  if (first === byte.openObject) {
    return types & form.typeObject && depth > 0 ? readObject(at + 1, node, depth - 1, keeps) : fault;
  }
  if (first === byte.openArray) {
    return types & form.typeArray && depth > 0 ? readList(at + 1, node, depth - 1, keeps) : fault;
  }
  return types & (first === byte.letterN ? form.typeNull : form.typeBoolean) ? scanLiteral(at) : fault;
}

@inline
function readNumber(at: usize, types: i32): usize {
  const behind = scanNumber(at);
  if (behind === fault || behind - at > longestNumber) return fault;
  const hasExponent = lastExponent > at;
  if (types & form.typeNumber) return hasExponent && !isSmall(lastExponent, behind) ? fault : behind;
  // With an exponent or a fraction of zeros it may be an integer all the same, but not for here.
  if ((types & form.typeInteger) === 0 || hasExponent) return fault;
  while (load<u8>(++at) !== byte.dot) if (at >= behind) return behind;
  return fault;
}

/** Whether an exponent has at most two digits. */
function isSmall(at: usize, behind: usize): bool {
  return behind - at <= (isDigit(load<u8>(at + 1)) ? 3 : 4);
}

/** A list, from behind its bracket. */
function readList(at: usize, node: usize, depth: i32, keeps: bool): usize {
  const items = table + load<u32>(node, form.itemsAt);
  at = skipSpace(at);
  if (load<u8>(at) === byte.closeArray) return at + 1;
  while (true) {
    at = readValue(at, items, depth, keeps);
    if (at === fault) return fault;
    at = skipSpace(at);
    const next: i32 = load<u8>(at++);
    if (next === byte.closeArray) return at;
    if (next !== byte.comma) return fault;
    at = skipSpace(at);
  }
}

/** An object, from behind its brace. */
function readObject(at: usize, node: usize, depth: i32, keeps: bool): usize {
  const hadMember = hasMember;
  hasMember = false;
  at = readMembers(at, node, depth, keeps, false);
  hasMember = hadMember;
  if (at === fault) return fault;
  if (keeps && from === 0) from = at;
  return at + 1;
}

/** An object of which the members belong to the one around it, or null, of which nothing is left. */
function readHoisted(at: usize, node: usize, depth: i32, keeps: bool): usize {
  if (load<u8>(at) !== byte.openObject) return readValue(at, node, depth, false);
  if (--tokens < 0 || depth === 0 || (load<u8>(node) & form.typeObject) === 0) return fault;
  at = readMembers(at + 1, node, depth - 1, keeps, true);
  return at === fault ? fault : at + 1;
}

/** The members of an object, up to its closing brace, which is not kept with them where what is kept `endsThere`. */
function readMembers(at: usize, node: usize, depth: i32, keeps: bool, endsThere: bool): usize {
  const required = load<u64>(node, form.requiredAt);
  let expected = node + form.fieldsAt;
  let seen: u64 = 0;
  /** Where what is kept ends, once it does. */
  let behind = at;
  at = skipSpace(at);
  if (load<u8>(at) === byte.closeObject) return required === 0 ? at : fault;
  while (true) {
    if (load<u8>(at) !== byte.quote) {
      at = skipSpace(at);
      if (load<u8>(at) !== byte.quote) return fault;
    }
    const key = at + 1;
    at = scanString(key);
    if (at === fault || --tokens < 0) return fault;
    const field = form.findField(node, expected, key, <u32>(at - key));
    let action = form.dropped;
    let value = table + form.anyNode;
    if (field !== 0) {
      const bit: u64 = 1 << (<u64>load<u8>(field, form.bitAt));
      if (seen & bit) return fault;
      seen |= bit;
      action = load<u8>(field, form.actionAt);
      value = table + load<u32>(field);
      expected = field + load<u32>(field, form.nextAt);
    } else if (hasEscape(key, at)) return fault;
    if (load<u8>(at) !== byte.colon) {
      at = skipSpace(at);
      if (load<u8>(at) !== byte.colon) return fault;
    }
    at = skipSpace(at + 1);
    if (keeps) {
      if (action !== form.kept) write(behind);
      if (action === form.kept) startMember(key - 1);
      else if (action === form.renamed) {
        startMember(0);
        startRenamed(field, at);
      }
    }
    at =
      action === form.hoisted
        ? readHoisted(at, value, depth, keeps)
        : readValue(at, value, depth, keeps && action !== form.dropped);
    if (at === fault) return fault;
    behind = at;
    at = skipSpace(at);
    const next: i32 = load<u8>(at);
    if (next === byte.closeObject) break;
    if (next !== byte.comma) return fault;
    at++;
  }
  if (keeps && endsThere) write(behind);
  return (seen & required) === required ? at : fault;
}

/** Goes on with a member whose bytes are kept from `start` on; 0 where its name is written anew. */
@inline
function startMember(start: usize): void {
  if (from === 0) {
    if (to >= room) isFull = true;
    else if (hasMember) store<u8>(to++, byte.comma);
    from = start;
  }
  hasMember = true;
}

/** Writes the new name of a field, and goes on with its value from `start` on. */
@inline
function startRenamed(field: usize, start: usize): void {
  const name = field + form.keyAt + ((load<u32>(field, form.lengthAt) + 15) & ~15);
  append(name, name + load<u16>(field, form.nameLengthAt));
  from = start;
}

/** Writes what is kept and ends before `end`. */
@inline
function write(end: usize): void {
  if (from !== 0) append(from, end);
  from = 0;
}

@inline
function append(start: usize, end: usize): void {
  // What stands in the room is not used once it is full.
  if (to + (end - start) > room) isFull = true;
  else to = copy(to, start, end);
}

/** Any value: only its grammar and its tokens count. */
function skipValue(at: usize, depth: i32): usize {
  if (--tokens < 0) return fault;
  const first: i32 = load<u8>(at);
  if (first === byte.quote) return scanString(at + 1);
  if ((first | byte.lowerCase) !== byte.openObject) {
    return isDigit(first) || first === byte.minus ? scanNumber(at) : scanLiteral(at);
  }
  if (depth === 0) return fault;
  // A closing brace or bracket is two above its opening one.
  const last = first + 2;
  at = skipSpace(at + 1);
  if (<i32>load<u8>(at) === last) return at + 1;
  while (true) {
    if (first === byte.openObject) {
      if (load<u8>(at) !== byte.quote) return fault;
      at = scanString(at + 1);
      if (at === fault || --tokens < 0) return fault;
      at = skipSpace(at);
      if (load<u8>(at) !== byte.colon) return fault;
      at = skipSpace(at + 1);
    }
    at = skipValue(at, depth - 1);
    if (at === fault) return fault;
    at = skipSpace(at);
    const next: i32 = load<u8>(at++);
    if (next === last) return at;
    if (next !== byte.comma) return fault;
    at = skipSpace(at);
  }
}
