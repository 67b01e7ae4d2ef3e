import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { DefinitionError } from '../engine/definition-error.ts';
import type { Route, RouteRequest } from '../engine/route.ts';
import { compileStrip, type Strip } from '../engine/strip.ts';

/**
 * Compiles what a route's functions get to see of a validated request: of each part what its schema declares, and of a part
 * without schema nothing.
 *
 * @throws DefinitionError for a declared header that is not in lower case, as all headers arrive.
 */
export function compileInput({ method, url, options }: Route): (request: FastifyRequest) => RouteRequest {
  const keepParams = compileKeep(options.params);
  const keepQuery = compileKeep(options.query);
  const keepBody = compileKeep(options.body);
  const names = toNames(options.headers);
  for (const name of names) {
    if (name !== name.toLowerCase())
      throw new DefinitionError(`route ${method} ${url}: the header "${name}" is declared in lower case`);
  }
  return ({ params, query, headers, body }) => ({
    params: keepParams(params),
    query: keepQuery(query),
    headers: names.length === 0 ? nothing : pick(headers, names),
    body: keepBody(body),
  });
}

const nothing: Readonly<Record<string, unknown>> = Object.freeze({});

const compileKeep = (schema: TSchema | undefined): Strip =>
  schema === undefined ? () => nothing : compileStrip(schema);

/** The property names of an object schema. */
const toNames = (schema: { readonly properties?: object } | undefined): readonly string[] =>
  Object.keys(schema?.properties ?? {});

const pick = (headers: IncomingHttpHeaders, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, headers[name]]));

/** Whether a request announces a body (RFC 9112, 6). */
export const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
