import type { Bytes } from '../engine/bytes.ts';
import { type AnswerHeaders, type Failed, failed, type Outcome } from '../engine/outcome.ts';
import type { Decode } from '../engine/request.ts';
import type { Shape } from '../engine/shape.ts';
import { checkJson, type JsonLimits, type JsonVerdict } from '../json/check.ts';
import { compileProjection, type Projected, type Projection } from '../json/project.ts';
import { compileSelect } from '../json/select.ts';

/** What each verdict on a body means. The words of a parser would quote the body, so they are our own. */
const failures: Readonly<Record<Exclude<JsonVerdict, 'ok'>, Failed>> = {
  not_json: failed('invalid_response', 'the answer is not JSON', { reason: 'not_json' }),
  not_utf8: failed('invalid_response', 'the answer is not UTF-8', { reason: 'not_utf8' }),
  lone_surrogate: failed('invalid_response', 'the answer has half of a character', { reason: 'lone_surrogate' }),
  too_deep: failed('too_large', 'the answer is nested too deeply', { reason: 'depth' }),
  too_many_tokens: failed('too_large', 'the answer has too many values', { reason: 'tokens' }),
};

/** Checks a body and decodes it, if it can be passed on or parsed. Nothing is parsed before: JSON is the bomb, not bytes. */
export function decodeBody<T>(bytes: Bytes, headers: AnswerHeaders, limits: JsonLimits, decode: Decode<T>): Outcome<T> {
  const selected = decode.form && toSelect(decode.form)(bytes, limits);
  if (selected) return decode(bytes, headers, undefined, selected);
  const { verdict, text } = read(bytes, limits, decode.shape);
  return verdict === 'ok' ? decode(bytes, headers, text) : failures[verdict];
}

function read(bytes: Bytes, limits: JsonLimits, shape: Shape = 'any'): Projected {
  return shape === 'any' ? { verdict: checkJson(bytes, limits) } : toProjection(shape)(bytes, limits);
}

const toProjection = once<Exclude<Shape, 'any'>, Projection>(compileProjection);
const toSelect = once(compileSelect);

/** Compiles once for each shape or form: they belong to a provider or a route, and stay as long as it does. */
function once<Key extends object, Compiled>(compile: (key: Key) => Compiled): (key: Key) => Compiled {
  const known = new WeakMap<Key, Compiled>();
  return (key) => {
    let compiled = known.get(key);
    if (compiled === undefined) {
      compiled = compile(key);
      known.set(key, compiled);
    }
    return compiled;
  };
}
