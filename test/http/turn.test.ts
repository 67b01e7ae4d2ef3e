import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { atEndOfTurn, inTurn, isBehind } from '../../src/http/turn.ts';

/** Promises that settle one after another, as many as layers between a refusal and who hears of it. */
async function hop(times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await Promise.resolve();
}

test.each([
  ['a callback', (begin: () => void) => setImmediate(begin)],
  ['a tick', (begin: () => void) => process.nextTick(begin)],
  ['a promise', (begin: () => void) => queueMicrotask(begin)],
])('comes behind all promises of the turn that %s began, and before the next event', async (_name, begin) => {
  const order: string[] = [];
  const ended = new Promise<void>((resolve) => {
    begin(() => {
      setImmediate(() => {
        order.push('the next event');
        resolve();
      });
      atEndOfTurn(() => order.push('first'));
      atEndOfTurn(() => order.push('second'));
      void hop(50).then(() => order.push('promises'));
    });
  });
  await ended;
  expect(order).toEqual(['promises', 'first', 'second', 'the next event']);
});

describe('work of some weight', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Work of so many milliseconds each, that notes its number. */
  function setUp(tookMs: number) {
    let time = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => time);
    const done: number[] = [];
    const enter = (number: number) => {
      inTurn(() => {
        done.push(number);
        time += tookMs;
      });
    };
    return { done, enter };
  }

  test('is done when all has come, for a millisecond in a turn, then in the turns that follow, in order', async () => {
    const { done, enter } = setUp(0.375);
    const seen: number[][] = [];
    for (const number of [1, 2, 3, 4, 5, 6, 7]) enter(number);
    expect(done).toEqual([]);
    expect(isBehind()).toBe(false);
    await nextTurn();
    enter(8);
    seen.push([...done]);
    expect(isBehind()).toBe(true);
    while (done.length < 8) {
      await nextTurn();
      seen.push([...done]);
    }
    expect(seen).toEqual([
      [1, 2, 3],
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ]);
    expect(isBehind()).toBe(false);
  });

  test('has its time in every turn anew', async () => {
    const { done, enter } = setUp(1);
    for (const number of [1, 2, 3]) {
      enter(number);
      await nextTurn();
      expect(done).toHaveLength(number);
      expect(isBehind()).toBe(false);
    }
  });

  test('may bring more of it', async () => {
    const { done, enter } = setUp(0.1);
    inTurn(() => enter(1));
    await nextTurn();
    expect(done).toEqual([1]);
    await nextTurn();
    expect(done).toEqual([1]);
  });
});
