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

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('turns', () => {
  it('begin what comes at once, as long as little comes', () => {
    const { begun, enter, turnAll, waiting, expectedMs } = setUp();
    enter(1, 16);
    expect([begun.length, waiting(), expectedMs()]).toEqual([16, 0, 0]);
    expect(turnAll()).toEqual([0]);
    enter(17, 17);
    expect(begun).toEqual(numbers(17));
    turnAll();
  });

  it('begin sixteen at a time, first come, first served', () => {
    const { begun, enter, turnAll, waiting } = setUp();
    enter(1, 40);
    expect([begun.length, waiting()]).toEqual([16, 24]);
    expect(turnAll()).toEqual([16, 8, 0]);
    expect(begun).toEqual(numbers(40));
  });

  it('let nobody pass those who wait', () => {
    const { begun, enter, turnAll } = setUp();
    enter(1, 34);
    vi.advanceTimersToNextTimer();
    enter(35, 35);
    expect(begun).toEqual(numbers(32));
    turnAll();
    expect(begun).toEqual(numbers(35));
  });

  it('tell how long the next to come would wait, as things went lately', () => {
    const { enter, turnAll, expectedMs } = setUp(0.25);
    expect(expectedMs()).toBe(0);
    enter(1, 16 * 100);
    for (let turns = 0; turns < 50; turns += 1) vi.advanceTimersToNextTimer();
    const left = 16 * 49;
    expect(expectedMs()).toBeGreaterThan(0.95 * left * 0.25);
    expect(expectedMs()).toBeLessThan(left * 0.25);
    turnAll();
    expect(expectedMs()).toBe(0);
  });

  it('begin less where turns take more than five milliseconds, at least one, and more again when they do not', () => {
    const slow = setUp(3);
    slow.enter(1, 40);
    // 16 took 48 ms, 8 took 24, ... 1 takes 3, with which 2 may begin, and take 6.
    expect(slow.turnAll()).toEqual([8, 4, 2, 1, 2, 1, 2, 1, 2, 1, 0]);

    const quick = setUp(0.1);
    quick.enter(1, 16);
    time += 1_000;
    quick.enter(17, 60);
    expect(quick.turnAll()).toEqual([8, 9, 10, 11, 6, 0]);
  });
});
