import { expect, it } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { requireCounts, requireDurations, requireShares } from '../../src/policies/options.ts';

it('takes what fits', () => {
  const takeAll = () => {
    requireCounts('retry', { attempts: 2, most: 1_000 }, 2);
    requireShares('budget', { share: 1, other: 0.01 });
    requireDurations('breaker', { openMs: 0.5, maxOpenMs: 2 ** 31 - 1 });
  };
  expect(takeAll).not.toThrow();
});

it.each([0, 1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s as a count from 2 up', (attempts) => {
  expect(() => requireCounts('retry', { fine: 2, attempts }, 2)).toThrow(DefinitionError);
});

it.each([0, -1, 1.1, Number.NaN])('refuses %s as a share', (share) => {
  expect(() => requireShares('budget', { share })).toThrow(DefinitionError);
});

it.each([0, -1, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s as a duration', (openMs) => {
  expect(() => requireDurations('breaker', { openMs })).toThrow(DefinitionError);
});

it('names the policy, the option and what it is', () => {
  const refuse = () => requireDurations('breaker', { openMs: -1 });
  expect(refuse).toThrow('breaker: openMs is -1, which is not a number of milliseconds above 0');
});
