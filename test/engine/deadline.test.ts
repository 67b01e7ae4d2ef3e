import { beforeEach, describe, expect, test, vi } from 'vitest';
import { isDuration, now, remainingMs, startTimer } from '../../src/engine/deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

test('time left counts down on the monotonic clock and is never negative', () => {
  const deadlineAt = now() + 100;
  vi.advanceTimersByTime(30);
  expect(remainingMs(deadlineAt)).toBe(70);
  vi.advanceTimersByTime(100);
  expect(remainingMs(deadlineAt)).toBe(0);
});

describe('a timer', () => {
  const start = (ms: number) => {
    const onTime = vi.fn<() => void>();
    const timer = startTimer(ms, onTime);
    return { onTime, stop: () => clearTimeout(timer) };
  };

  test('fires once, when its time has come', () => {
    const { onTime } = start(100);
    vi.advanceTimersByTime(99);
    expect(onTime).not.toHaveBeenCalled();
    vi.advanceTimersByTime(500);
    expect(onTime).toHaveBeenCalledOnce();
  });

  test('that is stopped never fires and leaves nothing', () => {
    const { onTime, stop } = start(100);
    stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(500);
    expect(onTime).not.toHaveBeenCalled();
  });

  test('never fires before a fraction of a millisecond is over', () => {
    const { onTime } = start(10.2);
    vi.advanceTimersByTime(10);
    expect(onTime).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onTime).toHaveBeenCalledOnce();
  });

  test.each([2 ** 31, Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
    'of %d ms is clamped: Node would fire it after 1 ms',
    (ms) => {
      const setTimer = vi.spyOn(globalThis, 'setTimeout');
      const { stop } = start(ms);
      expect(setTimer).toHaveBeenCalledExactlyOnceWith(expect.any(Function), 2 ** 31 - 1);
      stop();
    },
  );

  test('of a negative time fires as soon as it can', () => {
    const { onTime } = start(-5);
    vi.advanceTimersByTime(0);
    expect(onTime).toHaveBeenCalledOnce();
  });
});

test.each([
  [1, true],
  [0.5, true],
  [2 ** 31 - 1, true],
  [2 ** 31, false],
  [0, false],
  [-1, false],
  [Number.NaN, false],
  [Number.POSITIVE_INFINITY, false],
])('%d ms as a configured duration: %s', (ms, expected) => {
  expect(isDuration(ms)).toBe(expected);
});
