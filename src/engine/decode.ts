import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type AnswerHeaders, failed, type Ok, type Outcome, ok } from './outcome.ts';
import type { Decode } from './request.ts';
import { toShape } from './shape.ts';
import { compileStrip, isClosed } from './strip.ts';

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
  if (takesAnything(schema)) return toUnread;
  const check = compileCheck<T>(schema);
  const closed = isClosed(schema);
  const decode: Decode<T> = (bytes, headers, projected) => {
    const parsed = parse(projected ?? bytes.toString('utf8'));
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

/** An answer that is parsed when it is read, if ever. */
interface Unread {
  status: 'ok';
  bytes: Buffer;
  headers: AnswerHeaders;
  parsed: { readonly value: unknown } | undefined;
}

/** What all unread answers have in common: in a literal for each, a getter costs a microsecond. */
const reader: ThisType<Unread> = {
  get value() {
    this.parsed ??= { value: JSON.parse(this.bytes.toString('utf8')) };
    return this.parsed.value;
  },
};

function toUnread<T>(bytes: Buffer, headers: AnswerHeaders): Outcome<T> {
  const outcome = Object.create(reader) as Unread & Ok<T>; // any JSON is a T where the schema takes anything; the rest follows
  outcome.status = 'ok';
  outcome.bytes = bytes;
  outcome.headers = headers;
  outcome.parsed = undefined;
  return outcome;
}

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
