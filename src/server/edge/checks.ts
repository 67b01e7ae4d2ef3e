import { isIP } from 'node:net';
import { DefinitionError } from '../../engine/definition-error.ts';
import { headerNameForm } from '../../engine/forward.ts';
import { toOrigin } from '../../engine/provider.ts';

/**
 * Origins of web pages as browsers write them.
 *
 * @throws DefinitionError for what is no exact origin.
 */
export const toAllowedOrigins = (origins: readonly string[]): readonly string[] =>
  origins.map((origin) => {
    // A URL may have it in its host, where it would never match.
    if (origin.includes('*')) throw new DefinitionError('edge.cors.origins are exact: there are no wildcards');
    return toOrigin(origin, 'edge.cors.origins');
  });

/**
 * The name of a header in lower case.
 *
 * @throws DefinitionError for what cannot be one.
 */
export function toClientHeader(given: string): string {
  const name = given.toLowerCase();
  if (!headerNameForm.test(name)) throw new DefinitionError('edge.rateLimit.header is the name of a header');
  return name;
}

const networkForm = /^([^/]+)(?:\/(\d{1,3}))?$/;

/**
 * Addresses and networks of proxies.
 *
 * @throws DefinitionError for anything else, and for a network that is everybody.
 */
export function toTrustedProxies(proxies: readonly string[]): readonly string[] {
  for (const proxy of proxies) {
    const [, address = '', bits] = networkForm.exec(proxy) ?? [];
    const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
    const length = Number(bits ?? most);
    if (length < 1 || length > most)
      throw new DefinitionError('edge.trustedProxies are addresses or networks like 10.0.0.0/8');
  }
  return proxies;
}
