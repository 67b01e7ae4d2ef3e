/** The merges of equal parts: how many sources they have. Every server has a route for each. */
export const widths = [1, 3, 10, 30] as const;

/** The sources of one of them, in their order. */
export const toPartNames = (width: number): readonly string[] =>
  Array.from({ length: width }, (_, index) => `part-${index + 1}`);
