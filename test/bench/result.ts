import type { BenchResult } from '../../bench/result.ts';
import type { Row } from '../../bench/table.ts';

const undisturbed = { windows: 8, disturbed: 0, p50Ms: 30, p99Ms: 124, rssBytes: 300 * 2 ** 20 };

/** What a mode found out about three servers. */
export const rows: readonly Row[] = [
  {
    label: '(a) by hand, fetch',
    figures: { ...undisturbed, cpuMicrosPerRequest: 770, requestsPerSecond: 1_298, ratio: 1.4, ratioRange: [1.3, 1.5] },
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
];

/** A result as a run writes it. */
export const result: BenchResult = {
  takenAt: '2026-11-22T12:00:00.000Z',
  node: 'v24.21.0',
  processor: 'Any <processor>',
  pinned: true,
  sections: [
    {
      name: 'merge',
      title: 'Merge & nothing else',
      columns: ['server', 'µs'],
      rows: [
        ['(b) by hand, undici', '550'],
        ['(c) Confluo', '231'],
      ],
      measure: 'CPU time',
      bars: [
        { label: '(a) by hand, fetch', value: 770, note: '770 µs  (1.40)' },
        { label: '(b) by hand, undici', value: 550, note: '550 µs  (1.00)' },
        { label: '(c) Confluo', value: 231, note: '231 µs  (0.42)' },
      ],
      verdicts: [{ holds: false, claim: '(c) is free', found: '231 µs' }],
      notes: ['64 connections.'],
    },
  ],
};
