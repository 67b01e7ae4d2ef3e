import { type Failed, failed } from '../engine/outcome.ts';
import { checkJson, type JsonLimits, type JsonVerdict } from '../json/check.ts';

/** What each verdict on a body means. The words of a parser would quote the body, so they are our own. */
const failures: Readonly<Record<Exclude<JsonVerdict, 'ok'>, Failed>> = {
  not_json: failed('invalid_response', 'the answer is not JSON', { reason: 'not_json' }),
  not_utf8: failed('invalid_response', 'the answer is not UTF-8', { reason: 'not_utf8' }),
  lone_surrogate: failed('invalid_response', 'the answer has half of a character', { reason: 'lone_surrogate' }),
  too_deep: failed('too_large', 'the answer is nested too deeply', { reason: 'depth' }),
  too_many_tokens: failed('too_large', 'the answer has too many values', { reason: 'tokens' }),
};

/** Why a body cannot be passed on or parsed; undefined when it can. Nothing is parsed: JSON is the bomb, not bytes. */
export function toBodyFailure(bytes: Buffer, limits: JsonLimits): Failed | undefined {
  const verdict = checkJson(bytes, limits);
  return verdict === 'ok' ? undefined : failures[verdict];
}
