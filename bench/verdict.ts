/** Whether figures are as they should be. */
export interface Verdict {
  readonly holds: boolean;
  readonly claim: string;
  /** What was found. */
  readonly found: string;
}

/** What a point of a sweep cost. */
export interface Point {
  /** How many, or how much. */
  readonly amount: number;
  readonly cost: number;
}

/** One line. */
export const toLine = ({ holds, claim, found }: Verdict): string =>
  `${holds ? 'Holds' : 'DOES NOT HOLD'}: ${claim}: ${found}.`;

/** No value above the limit. */
export function judgeMost(claim: string, values: readonly number[], limit: number): Verdict {
  const most = Math.max(...values);
  return { holds: most <= limit, claim, found: `${most.toFixed(2)} at most` };
}

/** How much more the last step of a sweep may cost for each unit than the steps before it did. */
const linearWithin = 1.25;

/**
 * Whether the cost grows no faster than the amount: for each unit, the last step costs at most 1.25 times what the way from
 * the first point to the last but one did. Needs three points.
 */
export function judgeLinear(unit: string, points: readonly Point[]): Verdict {
  const [first, middle, last] = [points[0], points.at(-2), points.at(-1)];
  if (!first || !middle || !last || points.length < 3)
    throw new RangeError('a line is judged by three points at least');
  const before = toSlope(first, middle);
  const after = toSlope(middle, last);
  return {
    holds: after <= before * linearWithin,
    claim: `(c) is linear: the last step costs at most ${linearWithin} times as much for each ${unit} as those before`,
    found: `${after.toFixed(1)} µs after ${before.toFixed(1)}`,
  };
}

const toSlope = (from: Point, to: Point): number => (to.cost - from.cost) / (to.amount - from.amount);

/** How far the dearest point may be above the cheapest. */
const flatWithin = 1.25;

/** Whether the cost hardly changes: the dearest point is at most 1.25 times the cheapest. */
export function judgeFlat(points: readonly Point[]): Verdict {
  const costs = points.map(({ cost }) => cost);
  const spread = Math.max(...costs) / Math.min(...costs);
  return {
    holds: spread <= flatWithin,
    claim: `(c) is flat: the dearest is at most ${flatWithin} times the cheapest`,
    found: `${spread.toFixed(2)} times`,
  };
}
