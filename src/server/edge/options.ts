import { Type } from 'typebox';
import { Errors } from 'typebox/value';
import { DefinitionError } from '../../engine/definition-error.ts';

/** What a server does at its edge beside answering. Everything is off unless it is named, and costs nothing then. */
export interface EdgeOptions {
  /** Web pages of other origins may read the answers. */
  readonly cors?: CorsOptions;
  /** Helmet's headers: what browsers may do with the pages at /docs, and that they keep to HTTPS where they were served by it. */
  readonly securityHeaders?: boolean;
  /** JSON goes out as gzip to those who take it. */
  readonly compression?: boolean;
  /** Complete answers of GET routes have an entity tag, and are not sent again to who has them. */
  readonly etag?: boolean;
  readonly rateLimit?: RateLimitOptions;
  /** Addresses and networks (`10.0.0.0/8`) whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
}

/** Who may read answers from a web page (Fetch standard, CORS). */
export interface CorsOptions {
  /** Exact origins, without wildcards: `https://app.example.com`. */
  readonly origins: readonly string[];
  /** Whether browsers send cookies and client certificates along. Default false. */
  readonly credentials?: boolean;
}

/** How many requests one client may send. */
export interface RateLimitOptions {
  /** In each window. */
  readonly max: number;
  /** Milliseconds. */
  readonly windowMs: number;
  /**
   * The header that names the client, where something before this server has checked it: who can make up names has a limit for
   * each. Default: its address, of IPv6 the /64.
   */
  readonly header?: string;
  /** Clients that are remembered; above it, the one longest silent is forgotten. Default 5,000: a megabyte or two. */
  readonly clients?: number;
}

const strict = { additionalProperties: false };
const count = Type.Integer({ minimum: 1 });
const shape = Type.Object(
  {
    cors: Type.Optional(
      Type.Object(
        { origins: Type.Array(Type.String(), { minItems: 1 }), credentials: Type.Optional(Type.Boolean()) },
        strict,
      ),
    ),
    securityHeaders: Type.Optional(Type.Boolean()),
    compression: Type.Optional(Type.Boolean()),
    etag: Type.Optional(Type.Boolean()),
    rateLimit: Type.Optional(
      Type.Object(
        { max: count, windowMs: count, header: Type.Optional(Type.String()), clients: Type.Optional(count) },
        strict,
      ),
    ),
    trustedProxies: Type.Optional(Type.Array(Type.String())),
  },
  strict,
);

/** @throws DefinitionError naming the first key that is unknown or has a value of the wrong kind, for plain JavaScript. */
export function requireEdgeShape(edge: EdgeOptions): void {
  const [error] = Errors(shape, edge);
  if (!error) return;
  const message = error.keyword === 'boolean' ? 'is not a known option' : error.message;
  throw new DefinitionError(`edge${error.instancePath.replaceAll('/', '.')} ${message}`);
}
