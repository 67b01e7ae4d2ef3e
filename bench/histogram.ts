/** Counts durations in buckets that are about 1 % wide, so that percentiles cost no memory a request. */
export interface Histogram {
  record(ms: number): void;
  /** The duration that `share` (0 to 1) of all records do not exceed, milliseconds; 0 without records. */
  percentile(share: number): number;
  readonly count: number;
}

const bucketsPerDoubling = 64;
const smallestMs = 0.001;
/** Up to about 17 minutes. */
const bucketCount = 30 * bucketsPerDoubling;

/** An empty histogram. */
export function createHistogram(): Histogram {
  const buckets = new Uint32Array(bucketCount);
  let count = 0;

  function record(ms: number): void {
    const bucket = Math.ceil(Math.log2(Math.max(ms, smallestMs) / smallestMs) * bucketsPerDoubling);
    const index = Math.min(bucket, bucketCount - 1);
    buckets[index] = (buckets[index] ?? 0) + 1;
    count += 1;
  }

  function percentile(share: number): number {
    let left = Math.ceil(share * count);
    if (left === 0) return 0;
    const index = buckets.findIndex((inBucket) => {
      left -= inBucket;
      return left <= 0;
    });
    return smallestMs * 2 ** (index / bucketsPerDoubling);
  }

  return {
    record,
    percentile,
    get count() {
      return count;
    },
  };
}
