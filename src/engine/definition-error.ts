/** A provider, a route or a policy is defined in a way that cannot work. Thrown at start-up; the message names the place. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}
