import type { BenchResult } from '../../bench/result.ts';

const undisturbed = { windows: 8, disturbed: 0, p50Ms: 30, p99Ms: 124, rssBytes: 300 * 2 ** 20 };

/** A result as a run writes it. */
export const result: BenchResult = {
  takenAt: '2026-11-22T12:00:00.000Z',
  node: 'v24.21.0',
  processor: 'Any <processor>',
  pinned: true,
  connections: 64,
  works: [
    {
      work: 'merge',
      title: 'Merge & nothing else',
      upstreamHeadroom: 4,
      rows: [
        {
          label: '(a) by hand, fetch',
          figures: {
            ...undisturbed,
            cpuMicrosPerRequest: 770,
            requestsPerSecond: 1_298,
            ratio: 1.4,
            ratioRange: [1.3, 1.5],
          },
        },
        {
          label: '(b) by hand, undici',
          figures: { ...undisturbed, cpuMicrosPerRequest: 550, requestsPerSecond: 1_818, ratio: 1, ratioRange: [1, 1] },
        },
        {
          label: '(c) Confluo',
          figures: {
            cpuMicrosPerRequest: 231,
            requestsPerSecond: 4_329,
            p50Ms: 14.2,
            p99Ms: 38,
            rssBytes: 191 * 2 ** 20,
            ratio: 0.42,
            ratioRange: [0.4, 0.45],
            windows: 8,
            disturbed: 2,
          },
        },
      ],
    },
  ],
};
