/** A path whose every variable part is exactly one encoded segment, or part of one. Only `path` makes it. */
export interface Path {
  readonly kind: 'path';
  /** Begins with `/`; ready for a request line. */
  readonly value: string;
}

/** A value that may not become part of a path. The message names the position, never the value. */
export class UnsafePathError extends Error {
  override readonly name = 'UnsafePathError';
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const control = /[\u0000-\u001f\u007f-\u009f]/;
const literal = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/;
/** A URL parser takes `%2e` for a dot. */
const dotSegment = /(^|\/)(\.|%2e){1,2}(\/|$)/i;
const brokenEscape = /%(?![0-9a-f]{2})/i;
const checkedTemplates = new WeakSet<TemplateStringsArray>();

/**
 * Builds an upstream path: path`/products/${id}`. Each value is percent-encoded (RFC 3986) within one segment.
 *
 * @throws UnsafePathError for `.`, `..`, an empty value, a control character or a lone surrogate in a value, and for a
 *   template that does not begin with `/` or holds a query, a fragment, a dot segment or an empty segment.
 */
export function path(template: TemplateStringsArray, ...values: readonly (string | number)[]): Path {
  if (!checkedTemplates.has(template)) checkTemplate(template);
  let value = template[0] ?? '';
  for (let i = 0; i < values.length; i += 1) value += toSegment(values[i], i) + (template[i + 1] ?? '');
  return { kind: 'path', value };
}

function checkTemplate(template: TemplateStringsArray): void {
  const whole = template.join('x');
  if (!whole.startsWith('/')) throw new UnsafePathError('a path begins with /');
  if (!literal.test(whole)) throw new UnsafePathError('a path holds no query, fragment, space or backslash');
  if (brokenEscape.test(whole)) throw new UnsafePathError('a path holds no % but in an escape');
  if (dotSegment.test(whole)) throw new UnsafePathError('a path holds no dot segment');
  if (whole.includes('//')) throw new UnsafePathError('a path holds no empty segment');
  checkedTemplates.add(template);
}

function toSegment(value: string | number | undefined, index: number): string {
  const text = String(value);
  const position = `value ${index + 1} of the path`;
  if (typeof value !== 'string' && !Number.isFinite(value))
    throw new UnsafePathError(`${position} is no text or number`);
  if (text === '') throw new UnsafePathError(`${position} is empty`);
  if (text === '.' || text === '..') throw new UnsafePathError(`${position} is a dot segment`);
  if (control.test(text)) throw new UnsafePathError(`${position} has a control character`);
  if (!text.isWellFormed()) throw new UnsafePathError(`${position} is not well-formed Unicode`);
  return encodeURIComponent(text);
}
