import { type Failed, failed } from '../engine/outcome.ts';

interface ErrorRule {
  readonly code: 'unreachable' | 'protocol';
  readonly message: string;
  readonly reason: string;
}

const unreachable = (reason: string, message: string): ErrorRule => ({ code: 'unreachable', reason, message });
const protocol = (reason: string, message: string): ErrorRule => ({ code: 'protocol', reason, message });

const noConnection = 'no connection to the upstream';
const lostConnection = 'the connection to the upstream was lost';
const badTls = 'no trusted connection to the upstream';

/** Of getaddrinfo, and of c-ares. */
const dnsCodes = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENODATA',
  'ESERVFAIL',
  'EREFUSED',
  'ETIMEOUT',
  'ECANCELLED',
  'EBADRESP',
  'ENOTIMP',
  'EFORMERR',
];

/** Errors by their `code`: Node's system errors, its TLS errors, undici's. */
const byCode: Readonly<Record<string, ErrorRule>> = {
  ECONNREFUSED: unreachable('connect_refused', noConnection),
  ECONNRESET: unreachable('reset', lostConnection),
  EPIPE: unreachable('reset', lostConnection),
  EHOSTUNREACH: unreachable('host_unreachable', noConnection),
  ENETUNREACH: unreachable('host_unreachable', noConnection),
  ETIMEDOUT: unreachable('connect_timeout', noConnection),
  UND_ERR_CONNECT_TIMEOUT: unreachable('connect_timeout', noConnection),
  ...Object.fromEntries(
    dnsCodes.map((code) => [code, unreachable('dns', 'the name of the upstream does not resolve')]),
  ),
  EPROTO: unreachable('tls', badTls),
  UND_ERR_SOCKET: unreachable('closed', lostConnection),
  UND_ERR_HEADERS_OVERFLOW: protocol('headers_too_large', 'the header of the answer is too large'),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: protocol('truncated', 'the answer was cut short'),
  ERR_ASSERTION: protocol('malformed', 'the answer is not valid HTTP'),
};

const tlsCode =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|CRL_|EPROTO)/;
const refused = unreachable('address_refused', 'the name of the upstream leads to an address that is not allowed');
const unknown = unreachable('unknown', noConnection);
const malformed = protocol('malformed', 'the answer is not valid HTTP');
const unasked = protocol('continue', 'the upstream said 100 Continue, which nobody asked for');
const cutShort = protocol('truncated', 'the answer was cut short');

/** What a transport error means. `hasHead`: the head of an answer had arrived, so a closed connection cut it short. */
export function toFailed(error: Error & { readonly code?: unknown }, hasHead: boolean): Failed {
  const { code, message, reason } = toRule(error, hasHead);
  return failed(code, message, { reason, cause: error });
}

function toRule(error: Error & { readonly code?: unknown }, hasHead: boolean): ErrorRule {
  const code = typeof error.code === 'string' ? error.code : toInnerCode(error);
  // undici says so of a 100 Continue and of an upgrade that nobody asked for.
  if (code === 'UND_ERR_SOCKET' && error.message === 'bad response') return unasked;
  if (code === 'UND_ERR_SOCKET' && error.message === 'bad upgrade') return malformed;
  if (code === 'UND_ERR_SOCKET' && hasHead) return cutShort;
  if (error.name === 'PrivateAddressError') return refused;
  if (error.name === 'HTTPParserError' || error.name === 'EndlessFramingError') return malformed;
  return byCode[code] ?? (tlsCode.test(code) ? unreachable('tls', badTls) : unknown);
}

/** Several addresses failed at once (Happy Eyeballs): the first error speaks for all. */
function toInnerCode(error: Error): string {
  const inner: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const [first] = inner;
  return first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : '';
}
