import type { Static, TSchema } from 'typebox';
import type { Policy } from './call.ts';
import { DefinitionError } from './definition-error.ts';
import { type Forwarded, toForward } from './forward.ts';
import type { Method, RequestParts } from './request.ts';

/** What an upstream is, before anything is opened. */
export interface UpstreamOptions {
  /** Lower case letters, digits and dashes. Appears in logs, metrics and `CONFLUO_UPSTREAM_<NAME>_ORIGIN`. */
  readonly name: string;
  /**
   * Scheme, host and port: `https://api.example.com`. A path belongs into the providers' templates. A list has several
   * addresses that serve the same: they are called in turn.
   */
  readonly origin: string | readonly string[];
  /** Around every call of this upstream, outermost first. Default: the upstream's part of `standard()`. */
  readonly policies?: readonly Policy[];
  /** Sockets at most. Default 64. */
  readonly connections?: number;
  /** Bytes of one decoded answer at most. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Arrays and objects within one another in an answer at most. Default 64. */
  readonly maxDepth?: number;
  /** Values and keys of an answer together at most. Default 200,000. */
  readonly maxTokens?: number;
  /** The name may lead to private, loopback and link-local addresses, as in a cluster. Default false: refused. */
  readonly privateAddresses?: boolean;
  /**
   * Names of client headers that are passed on to this upstream, and to no other: `authorization`. A header of the same name
   * that a provider sets wins. Answers that they were part of may not be kept by shared caches. Default none.
   */
  readonly forward?: readonly string[];
}

/** What a `run` provider may use while it runs. */
export interface RunContext {
  /** Aborts when the attempt has timed out, the client has left, or the answer is no longer needed. */
  readonly signal: AbortSignal;
  /** The absolute deadline, milliseconds on `performance.now()`. */
  readonly deadlineAt: number;
  /** The client's headers that the upstream names in `forward`, as far as they are there. Secrets. */
  readonly forwarded: Forwarded;
}

interface ProviderBase<S extends TSchema> {
  /** Lower case letters, digits and dashes; unique within the upstream. */
  readonly name: string;
  /** What an answer must look like. `Type.Unknown()` takes any JSON and is never parsed unless somebody reads it. */
  readonly output: S;
  /** Around every call of this provider, outermost first, outside the upstream's. Default: the provider's part of `standard()`. */
  readonly policies?: readonly Policy[];
}

/** A provider that is one HTTP request. */
export interface RequestProviderOptions<I, S extends TSchema> extends ProviderBase<S> {
  /** Default GET. */
  readonly method?: Method;
  /** Whether a second attempt does no harm. Default: what the method says. */
  readonly idempotent?: boolean;
  readonly request: (input: I) => RequestParts;
  readonly run?: never;
}

/** A provider that is anything else: a database, a file, a computation. */
export interface RunProviderOptions<I, S extends TSchema> extends ProviderBase<S> {
  /** Whether a second attempt does no harm. Default false. */
  readonly idempotent?: boolean;
  /** May throw; a throw is an `internal` failure of this source alone. */
  readonly run: (input: I, context: RunContext) => Static<S> | Promise<Static<S>>;
  readonly request?: never;
  readonly method?: never;
}

/** A described operation on one upstream. Inert. `I` is what it needs to know, `O` what it answers. */
export interface Provider<I, O> {
  readonly kind: 'provider';
  readonly name: string;
  readonly upstream: UpstreamOptions;
  readonly output: TSchema;
  readonly method: Method;
  readonly idempotent: boolean;
  readonly policies: readonly Policy[] | undefined;
  readonly request: ((input: I) => RequestParts) | undefined;
  readonly run: ((input: I, context: RunContext) => O | Promise<O>) | undefined;
}

/** A described remote API. Inert: nothing is opened before `buildApp` binds it. */
export interface Upstream extends UpstreamOptions {
  readonly kind: 'upstream';
  provider<I, S extends TSchema>(
    options: RequestProviderOptions<I, S> | RunProviderOptions<I, S>,
  ): Provider<I, Static<S>>;
}

const nameForm = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Describes an upstream.
 *
 * @throws DefinitionError when the name, the origin or a header to forward cannot work.
 */
export function defineUpstream(options: UpstreamOptions): Upstream {
  const { name } = options;
  if (!nameForm.test(name))
    throw new DefinitionError(`upstream "${name}": a name is lower case letters, digits and dashes`);
  const origin = toOrigins(options.origin, `upstream "${name}"`);
  const forward = toForward(options.forward ?? [], `upstream "${name}"`);
  const upstream: UpstreamOptions = Object.freeze({ ...options, origin, forward });

  function provider<I, S extends TSchema>(
    described: RequestProviderOptions<I, S> | RunProviderOptions<I, S>,
  ): Provider<I, Static<S>> {
    const { output, method = 'GET', request, run, policies } = described;
    const where = `provider "${name}/${described.name}"`;
    if (!nameForm.test(described.name))
      throw new DefinitionError(`${where}: a name is lower case letters, digits and dashes`);
    // Plain JavaScript can leave it out.
    if (!output) throw new DefinitionError(`${where}: "output" is missing; Type.Unknown() takes any JSON`);
    if (!request === !run) throw new DefinitionError(`${where}: exactly one of "request" and "run" is needed`);
    const idempotent = described.idempotent ?? (request !== undefined && method !== 'POST' && method !== 'PATCH');
    return Object.freeze({
      kind: 'provider',
      name: described.name,
      upstream,
      output,
      method,
      idempotent,
      policies,
      request,
      run,
    });
  }

  return Object.freeze({ kind: 'upstream', ...upstream, provider });
}

/**
 * Checks one origin or a list of them, and returns them in their normal form.
 *
 * @throws DefinitionError naming `where`.
 */
export function toOrigins(given: string | readonly string[], where: string): string | readonly string[] {
  if (typeof given === 'string') return toOrigin(given, where);
  if (given.length === 0) throw new DefinitionError(`${where}: a list of origins needs at least one`);
  return Object.freeze(given.map((origin) => toOrigin(origin, where)));
}

/**
 * Checks that the text is an origin and nothing more, and returns it in its normal form.
 *
 * @throws DefinitionError naming `where`.
 */
export function toOrigin(text: string, where: string): string {
  const url = URL.parse(text);
  const isOrigin =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    !url.search &&
    !url.hash &&
    !url.username &&
    !url.password;
  if (!isOrigin || text.endsWith('?') || text.endsWith('#')) {
    throw new DefinitionError(`${where}: the origin is scheme, host and port only, like https://api.example.com`);
  }
  return url.origin;
}
