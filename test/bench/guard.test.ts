import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Allocations, flags } from '../../bench/allocations.ts';

/**
 * Bytes for each request, as `bench/allocations.ts` counted them with Node 24. Runs differ by less than 1 %. Whoever changes
 * one of these on purpose sets it anew, and says in the commit what it bought.
 */
const expected: Allocations = { merge: 20_500, typed: 23_400, partial: 23_200, served: 29_500 };

/** How much more is still no regression: another Node counts a little differently, and small things may be added. */
const margin = 1.5;

/** The counting process inherits none of this one's flags. */
const env = { ...process.env, NODE_OPTIONS: '' };
const program = fileURLToPath(new URL('../../bench/allocations.ts', import.meta.url));
const text = execFileSync(process.execPath, [...flags, program], { encoding: 'utf8', env, timeout: 60_000 });
const counted = JSON.parse(text) as Allocations; // what the program prints

// Below half is wrong, too: garbage was collected while it was counted, or the figure above is out of date.
test.each(['merge', 'typed', 'partial', 'served'] as const)(
  'a request of kind %s allocates what it used to',
  (kind) => {
    expect(counted[kind]).toBeLessThan(margin * expected[kind]);
    expect(counted[kind]).toBeGreaterThan(0.5 * expected[kind]);
  },
);
