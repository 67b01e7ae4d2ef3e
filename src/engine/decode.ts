import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Bytes, toWhole } from './bytes.ts';
import { type AnswerHeaders, failed, type Ok, type Outcome, ok } from './outcome.ts';
import type { Decode } from './request.ts';
import type { Selection } from './selection.ts';
import { toShape } from './shape.ts';
import { compileStrip, isClosed, type Strip } from './strip.ts';

/** Checks a value against the provider's `output`, and drops fields that the schema does not know. */
export type Check<T> = (value: unknown) => Outcome<T>;

/** Compiles the check of an answer that is already a value. */
export function compileCheck<T>(schema: TSchema): Check<T> {
  const validator = Compile(schema);
  const strip = compileStrip(schema);
  return (value) => {
    const stripped = strip(value);
    if (!validator.Check(stripped)) return mismatch(validator.Errors(value));
    return ok(stripped as T); // the check above is what makes it a T
  };
}

/**
 * Compiles the check of an answer that arrives as JSON text, itself checked by the transport. Where the schema takes
 * anything, nothing is parsed before somebody reads the value. Where the text came projected, only that is parsed. The bytes
 * stay with the answer, to be passed on unchanged, unless the schema forbids fields beside its own and there were some.
 */
export function compileDecode<T>(schema: TSchema): Decode<T> {
  if (takesAnything(schema)) return (bytes, headers) => toUnread(anyReader, bytes, headers);
  const check = compileCheck<T>(schema);
  const closed = isClosed(schema);
  const decode: Decode<T> = (bytes, headers, projected) => {
    const parsed = parse(projected ?? toText(bytes));
    if (parsed.status === 'failed') return parsed;
    const checked = check(parsed.value);
    // What is said of a mismatch is said of the whole answer.
    if (checked.status === 'failed') return projected === undefined ? checked : decode(bytes, headers);
    const isWhole = !closed || (projected === undefined && checked.value === parsed.value);
    return { status: 'ok', value: checked.value, bytes: isWhole ? bytes : undefined, headers };
  };
  const shape = toShape(schema);
  return shape === 'any' ? decode : Object.assign(decode, { shape });
}

/**
 * Compiles the same for a declared merge: the answer is written by its selection. Where the transport could do both, nothing is
 * parsed before somebody reads the value.
 */
export function compileSelectedDecode<T>(schema: TSchema, { form, write }: Selection): Decode<T> {
  const strip = compileStrip(schema);
  const check = compileCheck<T>(schema);
  const reader = createReader(strip);
  const decode: Decode<T> = (bytes, headers, projected, selected) => {
    if (selected) return toUnread(reader, bytes, headers, selected);
    const parsed = parse(projected ?? toText(bytes));
    if (parsed.status === 'failed') return parsed;
    const checked = check(parsed.value);
    // As above.
    if (checked.status === 'failed') return projected === undefined ? checked : decode(bytes, headers);
    return { status: 'ok', value: checked.value, selected: write(parsed.value), headers };
  };
  const shape = form ? 'any' : toShape(schema);
  return Object.assign(decode, { form, shape });
}

/** An answer that is parsed when it is read, if ever. */
interface Unread {
  status: 'ok';
  bytes: Bytes;
  selected: Buffer | undefined;
  headers: AnswerHeaders;
  parsed: { readonly value: unknown } | undefined;
}

/** What unread answers have in common: in a literal for each, a getter costs a microsecond. */
const createReader = (strip: Strip): ThisType<Unread> => ({
  get value() {
    this.parsed ??= { value: strip(JSON.parse(toText(this.bytes))) };
    return this.parsed.value;
  },
});

const anyReader = createReader((value) => value);

function toUnread<T>(reader: object, bytes: Bytes, headers: AnswerHeaders, selected?: Buffer): Outcome<T> {
  // What is read is a T: any JSON is where the schema takes anything, else the transport has checked it. The rest follows.
  const outcome = Object.create(reader) as Unread & Ok<T>;
  outcome.status = 'ok';
  outcome.bytes = bytes;
  outcome.selected = selected;
  outcome.headers = headers;
  outcome.parsed = undefined;
  return outcome;
}

const toText = (bytes: Bytes): string => toWhole(bytes).toString('utf8');

/** Whether any JSON matches. */
export const takesAnything = (schema: TSchema): boolean => Type.IsUnknown(schema) || Type.IsAny(schema);

function parse(text: string): Outcome<unknown> {
  try {
    return ok(JSON.parse(text));
  } catch {
    // The parser's message quotes the body, so it goes nowhere.
    return failed('invalid_response', 'the answer is not JSON', { reason: 'not_json' });
  }
}

function mismatch(errors: readonly { readonly instancePath: string; readonly keyword: string }[]) {
  const facts = errors.slice(0, 5).map(({ instancePath, keyword }) => `${instancePath || '/'}: ${keyword}`);
  return failed('invalid_response', 'the answer does not match its schema', {
    reason: 'schema',
    cause: facts.join(', '),
  });
}
