import type { Provider } from './provider.ts';

/**
 * One use of a provider in one route. `RouteId` ties it to its route, `Value` is what a need of it sees, `Answer` what
 * a merge of it sees: the same, or with `null` where the source may stay without an answer.
 */
export interface Source<RouteId extends string, Value, Answer> {
  readonly kind: 'source';
  readonly definition: SourceDefinition;
  /** Types only; never set. */
  readonly types?: { readonly route: RouteId; readonly value: Value; readonly answer: Answer };
}

/** Any source of the route. */
export type SourceOf<RouteId extends string> = Source<RouteId, unknown, unknown>;

/** What the input function of a dependent sees. */
export type Values<Needs> = {
  readonly [Name in keyof Needs]: Needs[Name] extends Source<string, infer Value, unknown> ? Value : never;
};

/** What the merge function sees. */
export type Answers<Sources> = {
  readonly [Name in keyof Sources]: Sources[Name] extends Source<string, unknown, infer Answer> ? Answer : never;
};

/** Whether any of the needs may be without an answer although no failure is behind it. */
export type AnyNullable<Needs> = {
  [Name in keyof Needs]: Needs[Name] extends Source<string, unknown, infer Answer>
    ? null extends Answer
      ? true
      : never
    : never;
}[keyof Needs];

/** The inert description of a source; types are erased here, the functions are called with what they were declared for. */
export interface SourceDefinition {
  readonly provider: Provider<never, unknown>;
  readonly needs: Readonly<Record<string, SourceDefinition>>;
  readonly input: (request: never, needs: never) => unknown;
  readonly when: ((request: never, needs: never) => boolean) | undefined;
  readonly optional: boolean;
  /** Stands in for a failed answer; absent is no fallback. */
  readonly fallback?: unknown;
  /** Upstream response headers that the client gets, lower case. */
  readonly expose: readonly string[];
}
