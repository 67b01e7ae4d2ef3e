import type { CallInfo, Policy } from '../engine/call.ts';
import { DefinitionError } from '../engine/definition-error.ts';

/**
 * For policies that may send a call twice.
 *
 * @throws DefinitionError when a second attempt could do harm (RFC 9110, 9.2.2).
 */
export function requireIdempotent({ upstream, provider, idempotent }: CallInfo, policy: string): void {
  if (idempotent) return;
  throw new DefinitionError(`provider "${upstream}/${provider}": ${policy} needs an operation that is idempotent`);
}

/** The policy where `isFit` says so, and nothing elsewhere: for a list that is given to every provider. */
export const onlyWhere =
  (isFit: (info: CallInfo) => boolean, policy: Policy): Policy =>
  (next, info) =>
    isFit(info) ? policy(next, info) : next;
