import { describe, expect, test } from 'vitest';
import { isDisturbed, isWarm, median, selectRounds, toFigures, toWindow, type Window } from '../../bench/measure.ts';

const windowOf = (cpuMicrosPerRequest: number, busy = 1): Window => ({
  cpuMicrosPerRequest,
  requestsPerSecond: (busy * 1e6) / cpuMicrosPerRequest,
  busy,
  p50Ms: 10,
  p99Ms: 20,
  rssBytes: 1e8,
});

describe('a window', () => {
  const before = { cpuMicros: 5e6, atMs: 1_000, requests: 100, rssBytes: 1 };
  const load = { answers: 4_000, errors: 0, errorsBy: {}, p50Ms: 12, p99Ms: 40 };

  test('is what happened between two readings of the server', () => {
    const window = toWindow(before, { cpuMicros: 7e6, atMs: 3_000, requests: 4_100, rssBytes: 9 }, load);
    expect(window).toEqual({
      cpuMicrosPerRequest: 500,
      requestsPerSecond: 2_000,
      busy: 1,
      p50Ms: 12,
      p99Ms: 40,
      rssBytes: 9,
    });
    expect(isDisturbed(window)).toBe(false);
  });

  test('is disturbed when the server had less than the whole core', () => {
    expect(isDisturbed(toWindow(before, { cpuMicros: 6.5e6, atMs: 3_000, requests: 4_100, rssBytes: 9 }, load))).toBe(
      true,
    );
  });

  test('of a server that does not tell its requests counts the answers that the load saw', () => {
    const [from, to] = [
      { ...before, requests: undefined },
      { cpuMicros: 7e6, atMs: 3_000, requests: undefined, rssBytes: 9 },
    ];
    expect(toWindow(from, to, load).cpuMicrosPerRequest).toBe(500);
  });

  test('that was not meant to take the whole core cannot be disturbed', () => {
    const window = toWindow(before, { cpuMicros: 5.5e6, atMs: 3_000, requests: 4_100, rssBytes: 9 }, load, false);
    expect(isDisturbed(window)).toBe(false);
  });
});

describe('a server', () => {
  const cold: readonly number[] = Array(6).fill(1_000);

  test('is cold while its cost falls, and for its first windows', () => {
    expect(isWarm(Array(13).fill(500))).toBe(false);
    expect(isWarm([...cold, 900, 850, 820, 800, 750, 700, 600, 550])).toBe(false);
    expect(isWarm([...cold, 900, 850, 820, 800, 700, 600, 690, 580])).toBe(false);
  });

  test('is warm once two windows brought nothing more', () => {
    expect(isWarm([...cold, 900, 800, 700, 650, 600, 600, 595, 610])).toBe(true);
  });
});

describe('rounds', () => {
  test('in which any server was disturbed are left out where three quiet ones remain', () => {
    const quiet = [1, 2, 3, 4, 5].map(() => windowOf(100));
    const other = [windowOf(100), windowOf(100, 0.5), windowOf(100), windowOf(100), windowOf(100)];
    expect(selectRounds([quiet, other])).toEqual([0, 2, 3, 4]);
  });

  test('are all kept where too few were quiet', () => {
    const windows = [windowOf(100), windowOf(100), windowOf(100, 0.5), windowOf(100, 0.5)];
    expect(selectRounds([windows])).toEqual([0, 1, 2, 3]);
  });
});

describe('figures', () => {
  const baseline = [windowOf(200), windowOf(400), windowOf(200)];
  const windows = [windowOf(100), windowOf(240), windowOf(80)];

  test('are medians; the ratio compares windows of the same round', () => {
    const figures = toFigures(windows, baseline, [0, 1, 2]);
    expect(figures.cpuMicrosPerRequest).toBe(100);
    expect(figures.ratio).toBe(0.5);
    expect(figures.ratioRange).toEqual([0.4, 0.6]);
  });

  test('come from the chosen rounds only', () => {
    const figures = toFigures(windows, baseline, [1]);
    expect(figures.cpuMicrosPerRequest).toBe(240);
    expect(figures.ratio).toBe(0.6);
    expect(figures.windows).toBe(3);
  });

  test('count every disturbed window', () => {
    expect(toFigures([windowOf(1), windowOf(1, 0.2)], [windowOf(1), windowOf(1)], [0, 1]).disturbed).toBe(1);
  });
});

test('the median is the middle of any order', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 100])).toBe(3);
  expect(median([])).toBeNaN();
});
