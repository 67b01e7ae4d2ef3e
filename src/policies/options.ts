import { isDuration } from '../engine/deadline.ts';
import { DefinitionError } from '../engine/definition-error.ts';

/** Numbers of one policy, by the names of its options. */
type Numbers = Readonly<Record<string, number>>;

/** @throws DefinitionError unless all are whole numbers from `least` up. */
export const requireCounts = (policy: string, counts: Numbers, least = 1): void =>
  requireAll(policy, counts, (count) => Number.isInteger(count) && count >= least, `a whole number from ${least} up`);

/** @throws DefinitionError unless all are above 0 and at most 1. */
export const requireShares = (policy: string, shares: Numbers): void =>
  requireAll(policy, shares, (share) => share > 0 && share <= 1, 'above 0 and at most 1');

/** @throws DefinitionError unless all are milliseconds above 0 that a timer can take. */
export const requireDurations = (policy: string, durations: Numbers): void =>
  requireAll(policy, durations, isDuration, 'a number of milliseconds above 0');

/**
 * Takes what is left of a policy's options when those it knows are taken out.
 *
 * @throws DefinitionError if there is anything: nobody would notice that it does nothing.
 */
export function requireKnown(policy: string, rest: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(rest)) throw new DefinitionError(`${policy}: "${name}" is not one of its options`);
}

function requireAll(policy: string, numbers: Numbers, isFit: (number: number) => boolean, wanted: string): void {
  for (const [name, number] of Object.entries(numbers)) {
    if (!isFit(number)) throw new DefinitionError(`${policy}: ${name} is ${number}, which is not ${wanted}`);
  }
}
