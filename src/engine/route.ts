import type { Static, TSchema } from 'typebox';
import { DefinitionError } from './definition-error.ts';
import type { Provider } from './provider.ts';
import type { Answers, AnyNullable, Source, SourceDefinition, SourceOf, Values } from './source.ts';
import type { Checked, Template } from './template.ts';

/** Methods a route may answer. */
export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What the client sent, validated. `headers` holds only the names that the route declares, in lower case. */
export interface RouteRequest<Params = unknown, Query = unknown, Headers = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
}

/** What a route is, before its sources. Schemas are validated by the server; what is not declared is not seen. */
export interface RouteOptions<
  Method extends RouteMethod,
  Url extends string,
  Params extends TSchema,
  Query extends TSchema,
  Headers extends TSchema,
  Body extends TSchema,
> {
  /** Default GET. */
  readonly method?: Method;
  /** `/v1/products/:id` */
  readonly url: Url;
  /** One line for the contract. */
  readonly summary: string;
  /** Markdown for the contract. */
  readonly description?: string;
  /** Groups routes in the contract. */
  readonly tags?: readonly string[];
  readonly params?: Params;
  readonly query?: Query;
  readonly headers?: Headers;
  readonly body?: Body;
  /** Milliseconds for the whole answer. Default 2,000: above it people leave. */
  readonly deadline?: number;
}

/** How a source is used. */
export interface SourceOptions<Request, Input, Value, Needs, Optional, Fallback extends Value, When extends boolean> {
  /** Sources whose answers the input is made of, by the names it sees them under. */
  readonly needs?: Needs;
  /** Makes the provider's input. May throw; that is an `internal` failure of this source alone. */
  readonly input: (request: Request, needs: Values<Needs>) => Input;
  /** False: the source is skipped, its answer is `null`, and the payload still counts as complete. */
  readonly when?: (request: Request, needs: Values<Needs>) => When;
  /** A failure leaves `null` (or the fallback) and a partial answer in place of a problem. Default false. */
  readonly optional?: Optional;
  /** Stands in for the answer of an optional source that failed. The source stays `failed`. */
  readonly fallback?: Fallback;
  /** Upstream response headers that the client gets. Default none. */
  readonly expose?: readonly string[];
}

type NullWhen<Condition> = [Condition] extends [never] ? never : null;
type FailureAnswer<Optional, Fallback> = Optional extends true ? ([Fallback] extends [never] ? null : Fallback) : never;
type Given<T> = [T] extends [never] ? never : true;

/** A route in the making: sources are added, then one merge closes it. */
export interface RouteDraft<Id extends string, Request> {
  /** Adds a source. It starts as soon as its needs have answered. */
  source<
    Input,
    Value,
    Needs extends Readonly<Record<string, SourceOf<Id>>> = Record<never, never>,
    const Optional extends boolean = false,
    Fallback extends Value = never,
    When extends boolean = never,
  >(
    provider: Provider<Input, Value>,
    options: SourceOptions<Request, Input, Value, Needs, Optional, Fallback, When>,
  ): Source<
    Id,
    Value | (Optional extends true ? Fallback : never),
    Value | FailureAnswer<Optional, Fallback> | NullWhen<Given<When> | AnyNullable<Needs>>
  >;
  /** One key a source, each answer as the upstream sent it, in this order. */
  merge<Sources extends Readonly<Record<string, SourceOf<Id>>>>(sources: Sources): Route;
  /**
   * A payload declared by what it takes of the answers: by the names it has there, paths like `product.price.amount`, and `pick`
   * for fields of the items of a list. Payload and schema follow from it; without an answer each of its fields is null.
   */
  merge<Sources extends Readonly<Record<string, SourceOf<Id>>>, const Fields extends Checked<Answers<Sources>, Fields>>(
    sources: Sources,
    template: Fields,
  ): Route;
  /** A payload of your own, made of the answers. May throw; that is an `internal` problem. */
  merge<Sources extends Readonly<Record<string, SourceOf<Id>>>, Payload extends TSchema>(
    sources: Sources,
    payload: Payload,
    merge: (answers: Answers<Sources>, request: Request) => Static<Payload>,
  ): Route;
}

/** A described endpoint. Inert: nothing runs before `buildApp` binds it. */
export interface Route {
  readonly kind: 'route';
  readonly method: RouteMethod;
  readonly url: string;
  readonly options: RouteOptions<RouteMethod, string, TSchema, TSchema, TSchema, TSchema>;
  /** All sources declared, in order of declaration; those not reachable from `sources` are refused at start-up. */
  readonly declared: readonly SourceDefinition[];
  readonly sources: Readonly<Record<string, SourceDefinition>>;
  readonly payload: TSchema | undefined;
  readonly template: Template | undefined;
  readonly merge: ((answers: never, request: never) => unknown) | undefined;
}

type NoFields = Record<never, never>;
type StaticOr<S> = [S] extends [TSchema] ? ([TSchema] extends [S] ? NoFields : Static<S>) : NoFields;

/** Describes a route. */
export function defineRoute<
  const Url extends string,
  const Method extends RouteMethod = 'GET',
  Params extends TSchema = TSchema,
  Query extends TSchema = TSchema,
  Headers extends TSchema = TSchema,
  Body extends TSchema = TSchema,
>(
  options: RouteOptions<Method, Url, Params, Query, Headers, Body>,
): RouteDraft<`${Method} ${Url}`, RouteRequest<StaticOr<Params>, StaticOr<Query>, StaticOr<Headers>, StaticOr<Body>>> {
  type Id = `${Method} ${Url}`;
  const method: RouteMethod = options.method ?? 'GET';
  const where = `route ${method} ${options.url}`;
  const declared: SourceDefinition[] = [];

  return {
    source(provider, described) {
      const definition = toDefinition(provider, described, where);
      declared.push(definition);
      return Object.freeze({ kind: 'source', definition });
    },
    merge(
      sources: Readonly<Record<string, SourceOf<Id>>>,
      described?: TSchema | Template,
      merge?: (answers: never, request: never) => unknown,
    ): Route {
      const template = described && !merge && isTemplate(described) ? described : undefined;
      const payload = template ? undefined : described;
      if (!payload !== !merge)
        throw new DefinitionError(`${where}: a merge has a payload schema and a function, or a template, or neither`);
      const definitions = toDefinitions(sources, `${where}: merge`);
      return Object.freeze({
        kind: 'route',
        method,
        url: options.url,
        options,
        declared,
        sources: definitions,
        payload,
        template,
        merge,
      });
    },
  };
}

/** Only TypeBox marks an object like this. */
const isTemplate = (given: TSchema | Template): given is Template => !('~kind' in given || '~unsafe' in given);

/** Source options with their types forgotten: the functions are only ever called with what they were declared for. */
interface ErasedSourceOptions extends Omit<SourceDefinition, 'needs' | 'when' | 'optional' | 'expose'> {
  readonly needs?: Readonly<Record<string, SourceOf<string>>>;
  readonly when?: SourceDefinition['when'];
  readonly optional?: boolean;
  readonly expose?: readonly string[];
}

function toDefinition(
  provider: Provider<never, unknown>,
  options: Omit<ErasedSourceOptions, 'provider'>,
  where: string,
): SourceDefinition {
  if (provider?.kind !== 'provider') throw new DefinitionError(`${where}: a source is made of a provider`);
  const place = `${where}: source of ${provider.upstream.name}/${provider.name}`;
  const { input, when, optional = false, expose = [] } = options;
  if (typeof input !== 'function') throw new DefinitionError(`${place}: "input" is missing`);
  if ('fallback' in options && !optional) throw new DefinitionError(`${place}: a fallback needs "optional: true"`);
  const needs = toDefinitions(options.needs ?? {}, `${place}: needs`);
  const fallback = 'fallback' in options ? { fallback: options.fallback } : {};
  return Object.freeze({
    provider,
    needs,
    input,
    when,
    optional,
    expose: expose.map((name) => name.toLowerCase()),
    ...fallback,
  });
}

function toDefinitions(sources: Readonly<Record<string, SourceOf<string>>>, where: string) {
  const entries = Object.entries(sources).map(([name, source]) => {
    if (source?.kind !== 'source') throw new DefinitionError(`${where}: "${name}" is no source`);
    return [name, source.definition] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}
