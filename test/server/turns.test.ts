import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTurns } from '../../src/server/turns.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void; // what the flag puts into a new context

let time = 0;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(performance, 'now').mockImplementation(() => time);
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0); // nothing turns where nothing is to do
  vi.restoreAllMocks();
});

/** Turns of a process that is active all the time, and work of so many milliseconds each, that notes when it begins. */
function setUp(tookMs = 0) {
  const process = { isBehind: false, idleMs: 0 };
  const turns = createTurns({ isBehind: () => process.isBehind, activeMs: () => time - process.idleMs });
  const begun: number[] = [];
  const enter = (from: number, to: number) => {
    for (let number = from; number <= to; number += 1) {
      turns.begin(() => {
        begun.push(number);
        time += tookMs;
      });
    }
  };
  /** One turn of the event loop, which takes so long without what begins; tells how much began. */
  const turn = (ms: number) => {
    const before = begun.length;
    time += ms;
    vi.advanceTimersToNextTimer();
    return begun.length - before;
  };
  /** Lets the event loop turn until nothing waits. */
  const turnAll = () => {
    while (turns.waiting() > 0) turn(1);
  };
  return { ...turns, process, begun, enter, turn, turnAll };
}

describe('turns', () => {
  it('begin what comes at once, as long as little comes', () => {
    const { begun, enter, waiting, expectedMs } = setUp();
    for (const number of [1, 3, 5]) {
      enter(number, number + 1);
      expect([begun.length, waiting(), expectedMs()]).toEqual([number + 1, 0, 0]);
      expect(vi.getTimerCount()).toBe(0);
      time += 1;
    }
  });

  it('begin two at once, then twice as much as the process gets done, first come, first served', () => {
    const { begun, enter, turn, turnAll, waiting } = setUp();
    enter(1, 20); // of which one takes a millisecond, as long as nothing is known
    expect([begun.length, waiting()]).toEqual([2, 18]);
    expect([turn(1), turn(0.25), turn(0.25), turn(0.75), turn(100)]).toEqual([2, 0, 1, 1, 2]);
    enter(21, 21);
    turnAll();
    expect(begun).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
  });

  it.each([
    { tookMs: 1, atOnce: 2 },
    { tookMs: 0.39, atOnce: 2 },
    { tookMs: 0.19, atOnce: 4 },
    { tookMs: 0.01, atOnce: 8 },
  ])('begin $atOnce at once where one takes $tookMs ms', ({ tookMs, atOnce }) => {
    const { process, begun, enter, tick, turnAll } = setUp();
    for (let number = 1; number <= 1_000; number += 1) {
      enter(number, number);
      time += 10;
      process.idleMs += 10 - tookMs;
      tick();
    }
    enter(1_001, 1_020);
    expect(begun).toHaveLength(1_000 + atOnce);
    turnAll();
  });

  it('begin nothing while answers wait to be read', () => {
    const { process, enter, turn, turnAll, begun } = setUp();
    process.isBehind = true;
    enter(1, 2);
    expect([turn(1), turn(1)]).toEqual([0, 0]);
    process.isBehind = false;
    expect(turn(0)).toBe(2);
    turnAll();
    expect(begun).toEqual([1, 2]);
  });

  it('tell how long the next to come would wait, by what the last ones took of the process', () => {
    const { process, enter, turn, turnAll, tick, expectedMs, waiting } = setUp(0.25);
    enter(1, 4_000);
    for (let turns = 0; turns < 400; turns += 1) {
      turn(0.5);
      process.idleMs += 0.5;
      tick();
    }
    expect(waiting()).toBeGreaterThan(1_000);
    expect(expectedMs() / waiting()).toBeCloseTo(0.25, 2);
    turnAll();
    expect(expectedMs()).toBe(0);
  });

  it('count what takes its time to begin, however often they are looked at meanwhile', () => {
    const { process, enter, turn, turnAll, tick, expectedMs, waiting } = setUp();
    process.isBehind = true;
    enter(1, 101);
    tick(); // from here on
    for (let turns = 0; turns < 4; turns += 1) {
      turn(2);
      tick();
    }
    process.isBehind = false;
    expect(turn(0)).toBe(2); // after 8 ms, so 4 each
    tick();
    expect(expectedMs() / waiting()).toBeCloseTo((0.96 * 25 + 8) / (0.96 * 25 + 2));
    turnAll();
  });

  it('take a stall for no more than ten milliseconds of those to come', () => {
    const { enter, turn, turnAll, tick, expectedMs, waiting } = setUp();
    enter(1, 5);
    turn(1_000_000);
    tick();
    expect(expectedMs() / waiting()).toBeCloseTo((0.96 * 25 + 40) / (0.96 * 25 + 4));
    turnAll();
  });

  it('take empty turns, in which work waits for the pace, for no work', () => {
    const { begun, enter, turn, turnAll, tick, expectedMs, waiting } = setUp();
    enter(1, 10);
    for (let turns = 0; turns < 20; turns += 1) turn(0.0625);
    expect(begun).toHaveLength(4);
    turn(3);
    expect(begun).toHaveLength(6);
    tick();
    expect(expectedMs() / waiting()).toBeCloseTo((0.96 * 25 + 3) / (0.96 * 25 + 6));
    turnAll();
  });

  it('let connections pass first, one in each turn, but no more than eight', () => {
    const { enter, connect, turn, turnAll } = setUp();
    enter(1, 12);
    const counts = Array.from({ length: 12 }, () => {
      connect();
      return turn(1);
    });
    expect(counts).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
    turnAll();
  });

  it('do not turn for connections alone', () => {
    const { begun, enter, connect } = setUp();
    connect();
    enter(1, 1);
    expect([begun.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('keep nothing of what has begun: what was old when it began does not hold those who came behind it', () => {
    const { begin, waiting } = createTurns({ activeMs: () => 0 });
    const enter = () => {
      const held = Array.from({ length: 2_000 }, (_, index) => index + 0.5); // some 16 KiB
      begin(() => void held.length);
    };
    for (let number = 0; number < 6; number += 1) enter();
    collectGarbage(); // what waits is old now
    const before = process.memoryUsage().heapUsed;
    for (let number = 1; number <= 400; number += 1) {
      enter();
      time += 0.5; // for one to begin
      vi.advanceTimersToNextTimer();
      if (number % 40 === 0) collectGarbage({ type: 'minor' });
    }
    expect(waiting()).toBe(4);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(3_000_000); // of 6,400,000
    while (waiting() > 0) {
      time += 1_000;
      vi.advanceTimersToNextTimer();
    }
  });
});
