import { DefinitionError } from './definition-error.ts';

/** Client headers that reach an upstream because it names them: by lower-case name. */
export type Forwarded = Readonly<Record<string, string>>;

/** What a field name is made of (RFC 9110, 5.1), in lower case. */
export const headerNameForm = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Framing and hop-by-hop fields (RFC 9110, 7.6.1), and those that the transport sets itself: nobody else's to send. */
export const transportHeaders: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'traceparent',
  'upgrade',
]);

/**
 * What describes the body of the client's own request, asks for less than a whole answer, is meant for the proxy before us,
 * or can be said by anybody: true of the request that came in, and of no request that goes out.
 */
const neverForwarded = /^(?:content-.*|if-.*|range|proxy-.*|forwarded|x-forwarded-.*|x-real-ip)$/;

/**
 * Checks names of client headers to forward, and returns them in lower case, each once.
 *
 * @throws DefinitionError naming `where` and the header that cannot be forwarded.
 */
export function toForward(names: readonly string[], where: string): readonly string[] {
  const lower = names.map((name) => name.toLowerCase());
  for (const name of lower) {
    if (!headerNameForm.test(name) || transportHeaders.has(name) || neverForwarded.test(name))
      throw new DefinitionError(`${where}: "forward" cannot name the header "${name}"`);
  }
  return Object.freeze([...new Set(lower)]);
}

/**
 * Compiles what takes the named headers out of all there are. Undefined where none of them is there; a field that came as a
 * list (`set-cookie` alone does) is left out.
 */
export function compileForward(
  names: readonly string[],
): (headers: Readonly<Record<string, unknown>> | undefined) => Forwarded | undefined {
  if (names.length === 0) return () => undefined;
  return (headers = {}) => {
    let forwarded: Record<string, string> | undefined;
    for (const name of names) {
      const value = headers[name];
      if (typeof value !== 'string') continue;
      forwarded ??= {};
      forwarded[name] = value;
    }
    return forwarded;
  };
}
