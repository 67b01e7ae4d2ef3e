import type { Text } from './text.ts';

/** What a document may cost whoever reads it. */
export interface JsonLimits {
  /** Containers open at the same time; a document without any has depth 0. */
  readonly depth: number;
  /** Values and keys together: `{"a":[1,2]}` has five. */
  readonly tokens: number;
}

/**
 * How a check ended. `not_utf8` is found before anything else, then the first of `not_json`, `too_deep` and
 * `too_many_tokens` in reading order. `lone_surrogate` is a JSON document within the limits in which a string has half of a
 * surrogate pair as an escape (RFC 8259, 8.2): `JSON.parse` takes it, but the string has no UTF-8.
 */
export type JsonVerdict = 'ok' | 'not_json' | 'not_utf8' | 'lone_surrogate' | 'too_deep' | 'too_many_tokens';

/** A check of a whole text. */
export type TextCheck = (text: Text, limits: JsonLimits) => JsonVerdict;

/** Enough for any answer meant for a page, and far below what troubles `JSON.parse` or `JSON.stringify`. */
export const defaultJsonLimits: JsonLimits = { depth: 64, tokens: 200_000 };

/** In the order of the codes in wasm/assembly/check.ts. */
const verdicts: readonly JsonVerdict[] = ['ok', 'not_json', 'lone_surrogate', 'too_deep', 'too_many_tokens'];

/** The verdict for a code of the program in WebAssembly. */
export const toVerdict = (code: number): JsonVerdict => verdicts[code] ?? 'not_json';
