import { DefinitionError } from './definition-error.ts';
import type { Route } from './route.ts';
import type { SourceDefinition } from './source.ts';

/** Names stand in JSON, in `Server-Timing` (a token) and in the contract. */
const nameForm = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/**
 * Names every source that the merge reaches: its key in the merge, or, where it is only needed, its key in `needs`.
 * Merged sources come first, in the order of the merge.
 *
 * @throws DefinitionError when a name cannot work, stands for two sources, or a declared source is never used.
 */
export function nameSources(route: Route, where: string): ReadonlyMap<SourceDefinition, string> {
  const names = new Map<SourceDefinition, string>();
  const taken = new Map<string, SourceDefinition>();

  function give(name: string, source: SourceDefinition): void {
    if (!route.declared.includes(source)) throw new DefinitionError(`${where}: "${name}" is a source of another route`);
    // `because: "condition"` would be read two ways.
    if (name === 'condition') throw new DefinitionError(`${where}: "condition" cannot name a source; it is a reason`);
    if (!nameForm.test(name))
      throw new DefinitionError(`${where}: "${name}" cannot name a source; letters, digits, _ and - can`);
    if (taken.has(name)) throw new DefinitionError(`${where}: "${name}" names two sources`);
    names.set(source, name);
    taken.set(name, source);
  }

  const merged = Object.entries(route.sources);
  if (merged.length === 0) throw new DefinitionError(`${where}: a merge needs at least one source`);
  for (const [name, source] of merged) {
    if (names.has(source)) throw new DefinitionError(`${where}: "${name}" and "${names.get(source)}" are one source`);
    give(name, source);
  }
  // A map hands out what is added while it is walked, so this reaches the needs of needs.
  for (const source of names.keys()) {
    for (const [alias, need] of Object.entries(source.needs)) if (!names.has(need)) give(alias, need);
  }
  for (const source of route.declared) {
    if (names.has(source)) continue;
    const { provider } = source;
    throw new DefinitionError(
      `${where}: a source of ${provider.upstream.name}/${provider.name} is declared, but neither merged nor needed`,
    );
  }
  return names;
}
