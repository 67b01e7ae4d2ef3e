import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTurns } from '../../src/server/turns.ts';

let time = 0;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(performance, 'now').mockImplementation(() => time);
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0); // nothing turns where nothing is to do
  vi.restoreAllMocks();
});

/** Turns, and work of so many milliseconds each, that notes when it begins. */
function setUp(tookMs = 0) {
  const turns = createTurns();
  const begun: number[] = [];
  const enter = (from: number, to: number) => {
    for (let number = from; number <= to; number += 1) {
      turns.begin(() => {
        begun.push(number);
        time += tookMs;
      });
    }
  };
  /** Lets the event loop turn until nothing is left to do, and tells how much began in each turn. */
  const turnAll = () => {
    const counts: number[] = [];
    while (vi.getTimerCount() > 0) {
      const before = begun.length;
      vi.advanceTimersToNextTimer();
      counts.push(begun.length - before);
    }
    return counts;
  };
  return { ...turns, begun, enter, turnAll };
}

describe('turns', () => {
  it('begin what comes at once, as long as little comes', () => {
    const { begun, enter, turnAll, waiting, expectedMs } = setUp();
    for (const number of [1, 2, 3]) {
      enter(number, number);
      expect([begun.length, waiting(), expectedMs()]).toEqual([number, 0, 0]);
      expect(turnAll()).toEqual([0]);
    }
  });

  it('begin one at a time, first come, first served', () => {
    const { begun, enter, turnAll, waiting } = setUp();
    enter(1, 4);
    expect([begun.length, waiting()]).toEqual([1, 3]);
    expect(turnAll()).toEqual([1, 1, 1, 0]);
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  it('let nobody pass those who wait', () => {
    const { begun, enter, turnAll } = setUp();
    enter(1, 3);
    vi.advanceTimersToNextTimer();
    enter(4, 4);
    expect(begun).toEqual([1, 2]);
    turnAll();
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  it('tell how long the next to come would wait, as things went lately', () => {
    const { enter, turnAll, expectedMs } = setUp(0.25);
    expect(expectedMs()).toBe(0);
    enter(1, 1_000);
    for (let turns = 0; turns < 500; turns += 1) vi.advanceTimersToNextTimer();
    const left = 499;
    expect(expectedMs()).toBeGreaterThan(0.95 * left * 0.25);
    expect(expectedMs()).toBeLessThan(left * 0.25);
    turnAll();
    expect(expectedMs()).toBe(0);
  });

  it('take a stall for no more than ten milliseconds of those to come', () => {
    const { enter, expectedMs, turnAll } = setUp();
    enter(1, 3);
    time += 1_000;
    vi.advanceTimersToNextTimer();
    expect(expectedMs()).toBeCloseTo(1 * 0.01 * 10);
    turnAll();
  });

  it('let connections pass first, one in each turn, but no more than eight', () => {
    const { begun, enter, connect, turnAll } = setUp();
    enter(1, 3);
    const counts: number[] = [];
    for (let turns = 0; turns < 12; turns += 1) {
      connect();
      const before = begun.length;
      vi.advanceTimersToNextTimer();
      counts.push(begun.length - before);
    }
    expect(counts).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    expect(turnAll()).toEqual([1, 0]);
  });

  it('do not turn for connections alone', () => {
    const { begun, enter, connect, turnAll } = setUp();
    connect();
    expect(vi.getTimerCount()).toBe(0);
    enter(1, 1);
    expect(begun).toEqual([1]);
    expect(turnAll()).toEqual([0]);
  });
});
