import { DefinitionError } from '../engine/definition-error.ts';
import type { Execution } from '../engine/execute.ts';
import { headerNameForm } from '../engine/forward.ts';
import type { Plan } from '../engine/plan.ts';

/** Fields of the connection or of Confluo's own answer: no upstream may set them. */
const reserved = new Set(
  `connection keep-alive proxy-authenticate proxy-connection te trailer transfer-encoding upgrade content-length content-type
  content-encoding cache-control server-timing x-aggregate-complete x-request-id traceparent preference-applied vary`.split(
    /\s+/,
  ),
);

/**
 * Compiles the list of upstream headers that a route lets through by name.
 *
 * @throws DefinitionError when two sources expose one name, or a name is not an upstream's to set: `etag` neither where the
 *   answer has one of its own.
 */
export function compileExpose(
  plan: Plan,
  isTagged = false,
): (execution: Execution, set: (name: string, value: string | readonly string[]) => void) => void {
  const taken = new Map<string, string>();
  const exposed = plan.sources.flatMap(({ name, definition }, index) =>
    definition.expose.map((header) => ({ name, index, header })),
  );
  for (const { name, header } of exposed) {
    const where = `route ${plan.route.method} ${plan.route.url}: source "${name}"`;
    if (reserved.has(header) || (isTagged && header === 'etag') || !headerNameForm.test(header))
      throw new DefinitionError(`${where} cannot expose the header "${header}"`);
    if (taken.has(header))
      throw new DefinitionError(`${where} and "${taken.get(header)}" expose the same header "${header}"`);
    taken.set(header, name);
  }
  return ({ reports }, set) => {
    for (const { index, header } of exposed) {
      const outcome = reports[index]?.outcome;
      const value = outcome?.status === 'ok' ? outcome.headers?.[header] : undefined;
      if (value !== undefined) set(header, value);
    }
  };
}
