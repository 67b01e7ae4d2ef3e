import type { JsonLimits, JsonVerdict } from '../../src/json/verdict.ts';

/**
 * The verdicts that are right for a document, by `JSON.parse` and by counting in its text. Several where more than one
 * thing is wrong: they say nothing about which comes first.
 */
export function rightVerdicts(bytes: Uint8Array, limits: JsonLimits): readonly JsonVerdict[] {
  const text = decode(bytes);
  if (text === undefined) return ['not_utf8'];
  const facts = read(text);
  if (!facts) return isUnlimited(limits) ? ['not_json'] : ['not_json', 'too_deep', 'too_many_tokens'];
  const broken: JsonVerdict[] = [];
  if (facts.depth > limits.depth) broken.push('too_deep');
  if (facts.tokens > limits.tokens) broken.push('too_many_tokens');
  if (broken.length > 0) return broken;
  return [facts.isWellFormed ? 'ok' : 'lone_surrogate'];
}

/** Limits that nothing reaches. */
export const unlimited: JsonLimits = { depth: Number.POSITIVE_INFINITY, tokens: Number.POSITIVE_INFINITY };

const isUnlimited = ({ depth, tokens }: JsonLimits) => depth === unlimited.depth && tokens === unlimited.tokens;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Counted in the text, not in the value: a key that comes twice would hide what its first value costs. */
function read(text: string): { depth: number; tokens: number; isWellFormed: boolean } | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  let isWellFormed = true;
  const withoutStrings = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, (string) => {
    const value: unknown = JSON.parse(string);
    isWellFormed &&= typeof value === 'string' && value.isWellFormed();
    return 's';
  });
  const tokens = withoutStrings.match(/[[{]|[^\s[\]{},:]+/g)?.length ?? 0;
  let depth = 0;
  let deepest = 0;
  for (const char of withoutStrings) {
    if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth);
    if (char === ']' || char === '}') depth -= 1;
  }
  return { depth: deepest, tokens, isWellFormed };
}
