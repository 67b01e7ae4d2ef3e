import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openLog } from '../../src/server/log.ts';
import { openOutput } from '../../src/server/output.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(level = 'info') {
  const texts: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      texts.push(text);
      done();
    },
  });
  const log = openLog(level, openOutput(stream));
  const readLines = (): readonly unknown[] => {
    const lines = texts.join('').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line));
  };
  return { log, readLines };
}

const line = (msg: string, time: number, fields: object = {}) => expect.objectContaining({ msg, time, ...fields });

describe('a log', () => {
  it('tells when something was, not when its line was made', () => {
    const { log, readLines } = setUp();
    log.later({ id: 1 }, 'first');
    vi.advanceTimersByTime(40);
    log.later({ id: 2 }, 'second');
    expect(readLines()).toEqual([]);
    vi.advanceTimersByTime(60);
    log.info('third');
    vi.advanceTimersByTime(100);
    expect(readLines()).toEqual([
      line('first', 1_000, { level: 30, id: 1 }),
      line('second', 1_040, { id: 2 }),
      line('third', 1_100),
    ]);
  });

  it('has lines in the order of what they tell', () => {
    const { log, readLines } = setUp();
    log.later({}, 'first');
    vi.advanceTimersByTime(10);
    log.warn('second');
    vi.advanceTimersByTime(10);
    log.fatal('third');
    expect(readLines()).toEqual([line('first', 1_000), line('second', 1_010), line('third', 1_020)]);
  });

  it('has no line below its level', () => {
    const { log, readLines } = setUp('warn');
    log.later({}, 'first');
    log.fatal('second');
    expect(readLines()).toEqual([line('second', 1_000)]);
  });
});
