/** A running quantile. */
export interface Quantile {
  add(value: number): void;
  /** Undefined until there are enough values. */
  readonly value: number | undefined;
}

/** What a quantile is made of. */
export interface QuantileOptions {
  /** 0.95 is the value that 95 % stay below. */
  readonly quantile: number;
  /** Values below which it says nothing. */
  readonly minSamples: number;
}

/** The last values that count, and how many new ones make it worth sorting them again. */
const size = 512;
const refreshEvery = 32;

/** The quantile of the last 512 values, up to date to the last 32. */
export function createQuantile({ quantile, minSamples }: QuantileOptions): Quantile {
  const values = new Float64Array(size);
  let added = 0;
  let refreshedAt = Number.NEGATIVE_INFINITY;
  const running: Quantile & { value: number | undefined } = { value: undefined, add };

  function add(value: number): void {
    values[added % size] = value;
    added += 1;
    if (added < minSamples || added - refreshedAt < refreshEvery) return;
    refreshedAt = added;
    const sorted = values.slice(0, Math.min(added, size)).sort();
    running.value = sorted[Math.ceil(quantile * sorted.length) - 1];
  }

  return running;
}
