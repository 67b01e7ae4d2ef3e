import type { Binding } from './bind.ts';
import { type Call, isSharing } from './call.ts';
import { isDuration } from './deadline.ts';
import { DefinitionError } from './definition-error.ts';
import { compileForward, type Forwarded } from './forward.ts';
import { nameSources } from './names.ts';
import type { Route, RouteRequest } from './route.ts';
import { compileSelection, type Selection } from './selection.ts';
import type { SourceDefinition } from './source.ts';
import { toTaken } from './template.ts';

/** The deadline of a route that names none, milliseconds: above it people leave. */
export const defaultDeadlineMs = 2_000;

/** One source, bound. Indexes point into the plan's sources. */
export interface PlannedSource {
  readonly name: string;
  readonly definition: SourceDefinition;
  readonly call: Call<unknown, unknown>;
  /** Takes what its upstream may get out of what the upstreams of the whole route may. */
  readonly forward: (forwarded: Forwarded | undefined) => Forwarded | undefined;
  readonly input: (request: RouteRequest, needs: Answered) => unknown;
  readonly when: ((request: RouteRequest, needs: Answered) => boolean) | undefined;
  readonly optional: boolean;
  readonly fallback: { readonly value: unknown; readonly bytes: Buffer } | undefined;
  /** What the template takes of it; undefined where there is none, and where the source is only needed. */
  readonly selection: Selection | undefined;
  readonly needs: readonly { readonly alias: string; readonly index: number }[];
  /** One index for each edge, so that a source which names a need twice hears of it twice. */
  readonly dependents: readonly number[];
}

/** Answers by name. */
export type Answered = Readonly<Record<string, unknown>>;

/** A route, bound: everything that can be decided before a request is. */
export interface Plan {
  readonly route: Route;
  readonly deadlineMs: number;
  /** In the order of the merge; sources that are only needed come last. */
  readonly sources: readonly PlannedSource[];
  /** Names of the client headers that any of the sources' upstreams gets. */
  readonly forward: readonly string[];
  /** How many of the sources, from the first, are merged. */
  readonly merged: number;
  readonly merge: ((answers: Answered, request: RouteRequest) => unknown) | undefined;
  /** Identical requests in flight may be one: the calls of all its sources are. */
  readonly isSharing: boolean;
}

/**
 * Binds a route.
 *
 * @throws DefinitionError naming the route and the source when something in it cannot work.
 */
export function compilePlan(route: Route, binding: Binding): Plan {
  const where = `route ${route.method} ${route.url}`;
  const deadlineMs = route.options.deadline ?? defaultDeadlineMs;
  if (!isDuration(deadlineMs)) throw new DefinitionError(`${where}: "deadline" is milliseconds above 0`);
  const names = nameSources(route, where);
  const definitions = [...names.keys()];
  const selections = toSelections(route, where);
  const sources = definitions.map((definition): PlannedSource => {
    const { provider, needs, optional } = definition;
    const place = `${where}: source "${names.get(definition)}"`;
    for (const need of Object.values(needs)) {
      if (!optional && canLackValue(need)) {
        throw new DefinitionError(
          `${place} is required but needs "${names.get(need)}", which is optional and may have no value`,
        );
      }
    }
    const selection = selections.get(definition);
    return {
      name: names.get(definition) ?? '',
      definition,
      // The casts take back what source definitions forgot: `defineRoute` checked these types where they were declared.
      call: binding.callOf(provider, selection) as Call<unknown, unknown>,
      forward: compileForward(provider.upstream.forward ?? []),
      input: definition.input as PlannedSource['input'],
      when: definition.when as PlannedSource['when'],
      optional,
      fallback: toFallback(definition, place),
      selection,
      needs: Object.entries(needs).map(([alias, need]) => ({ alias, index: definitions.indexOf(need) })),
      dependents: definitions.flatMap((other, index) =>
        Object.values(other.needs).flatMap((need) => (need === definition ? [index] : [])),
      ),
    };
  });
  const forward = [...new Set(definitions.flatMap(({ provider }) => provider.upstream.forward ?? []))];
  const merged = Object.keys(route.sources).length;
  return {
    route,
    deadlineMs,
    sources,
    forward,
    merged,
    merge: route.merge as Plan['merge'], // a cast like those above
    isSharing: sources.every(({ call }) => isSharing(call)),
  };
}

/** What a template takes of each merged source. */
function toSelections({ template, sources }: Route, where: string): ReadonlyMap<SourceDefinition, Selection> {
  if (!template) return new Map();
  const taken = toTaken(template, `${where}: template`);
  for (const name of taken.keys()) {
    if (!Object.hasOwn(sources, name)) throw new DefinitionError(`${where}: template: there is no source "${name}"`);
  }
  const selections = Object.entries(sources).map(([name, source]) => {
    const field = taken.get(name);
    if (!field) throw new DefinitionError(`${where}: the template takes nothing of "${name}"`);
    return [source, compileSelection(source.provider.output, field, `${where}: template: "${name}"`)] as const;
  });
  return new Map(selections);
}

/** Whether a failure can leave the source without a value: a fallback stands in for its own failure, not for a need's. */
const canLackValue = (source: SourceDefinition): boolean =>
  source.optional && (!('fallback' in source) || Object.values(source.needs).some(canLackValue));

function toFallback(definition: SourceDefinition, place: string): PlannedSource['fallback'] {
  if (!('fallback' in definition)) return undefined;
  const json = toJson(definition.fallback);
  if (json === undefined) throw new DefinitionError(`${place}: the fallback cannot be written as JSON`);
  return { value: definition.fallback, bytes: Buffer.from(json) };
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // a BigInt, or a circle
  }
}
