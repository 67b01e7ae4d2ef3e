import type { TSchema } from 'typebox';
import type { Route, RouteMethod } from '../src/engine/route.ts';

/** A request made of the examples in a route's schemas: the first of each path parameter, of each query name, and of the body. */
export function toExampleRequest({ method, url, options }: Route): {
  readonly method: RouteMethod;
  readonly url: string;
  readonly payload?: object;
} {
  const params = toExamples(options.params);
  const path = url.replaceAll(/:([A-Za-z0-9_]+)/g, (_match, name: string) => encodeURIComponent(String(params[name])));
  const query = new URLSearchParams(
    Object.entries(toExamples(options.query)).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const payload = firstExample(options.body);
  return {
    method,
    url: query.size > 0 ? `${path}?${query.toString()}` : path,
    ...(typeof payload === 'object' && payload !== null ? { payload } : {}),
  };
}

function toExamples(schema: TSchema | undefined): Readonly<Record<string, unknown>> {
  // `properties` of a JSON schema is a map of schemas.
  const properties: Record<string, TSchema> =
    schema && 'properties' in schema ? (schema['properties'] as Record<string, TSchema>) : {};
  return Object.fromEntries(
    Object.entries(properties)
      .map(([name, property]) => [name, firstExample(property)] as const)
      .filter(([, example]) => example !== undefined),
  );
}

const firstExample = (schema: TSchema | undefined): unknown =>
  schema && 'examples' in schema && Array.isArray(schema['examples']) ? schema['examples'][0] : undefined;
