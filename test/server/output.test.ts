import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openOutput } from '../../src/server/output.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An output, and what was written at once each time; what it has been given is taken when `take` is called. */
function setUp() {
  const writes: string[] = [];
  const takers: (() => void)[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      writes.push(text);
      takers.push(done);
    },
  });
  const take = async () => {
    while (takers.length > 0) {
      takers.shift()?.();
      await new Promise(process.nextTick);
    }
  };
  return { ...openOutput(stream), stream, writes, take };
}

const line = (bytes: number, filling = 'x'): string => `${filling.repeat(bytes - 1)}\n`;

describe('an output', () => {
  it('writes lines together, a tenth of a second after the first', () => {
    const { write, writes } = setUp();
    write('1\n');
    vi.advanceTimersByTime(60);
    write('2\n');
    vi.advanceTimersByTime(39);
    expect(writes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(writes).toEqual(['1\n2\n']);
    vi.advanceTimersByTime(1_000);
    expect(writes).toHaveLength(1);
  });

  it('writes whole lines, at most 16 KiB of them', async () => {
    const { write, writes, take } = setUp();
    for (let i = 0; i < 5; i += 1) write(line(4_096));
    expect(writes.map(({ length }) => length)).toEqual([16_384]);
    write(line(20_000));
    write('1\n');
    await take();
    vi.advanceTimersByTime(100);
    await take();
    expect(writes.map(({ length }) => length)).toEqual([16_384, 4_096, 20_000, 2]);
  });

  it('counts bytes, not characters', () => {
    const { write, writes } = setUp();
    write(line(8_000, 'ü'));
    write(line(1_000));
    expect(writes.map((text) => Buffer.byteLength(text))).toEqual([15_999]);
  });

  it('has lines made together: 32 of them, or all within a tenth of a second', () => {
    const { write, later, writes } = setUp();
    const made = vi.fn(write);
    for (let i = 0; i < 31; i += 1) later(() => made(`${i}\n`));
    expect(made).not.toHaveBeenCalled();
    later(() => made('31\n'));
    expect(made).toHaveBeenCalledTimes(32);
    later(() => made('32\n'));
    expect(writes).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(writes).toEqual([Array.from({ length: 33 }, (_, i) => `${i}\n`).join('')]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps the order of lines that are made later and lines that are there', () => {
    const { write, later, flushSync, writes } = setUp();
    later(() => write('1\n'));
    later(() => write('2\n'));
    write('3\n');
    later(() => write('4\n'));
    flushSync();
    expect(writes).toEqual(['1\n2\n3\n4\n']);
  });

  it('writes whole lines of those that are made together, too', async () => {
    const { write, later, writes, take } = setUp();
    for (let i = 0; i < 32; i += 1) later(() => write(line(2_048)));
    await take();
    vi.advanceTimersByTime(100);
    await take();
    expect(writes.map(({ length }) => length)).toEqual([16_384, 16_384, 16_384, 16_384]);
  });

  it('writes at once what is fatal', () => {
    const { write, flushSync, writes } = setUp();
    write('the end\n');
    flushSync();
    expect(writes).toEqual(['the end\n']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps 8 MiB for a reader that is late, loses what comes beyond, and goes on when it reads', async () => {
    const { write, stream, writes, take } = setUp();
    for (let i = 0; i < 1_000; i += 1) write(line(16_384));
    vi.advanceTimersByTime(100);
    expect(stream.writableLength).toBe(8 * 1_024 * 1_024);
    await take();
    expect(writes).toHaveLength(512);
    write('later\n');
    vi.advanceTimersByTime(100);
    expect(writes.at(-1)).toMatch(/^\{"level":40,.*,"lost":488,"msg":"lines were lost"\}\nlater\n$/);
    await take();
    write('and later\n');
    vi.advanceTimersByTime(100);
    expect(writes.at(-1)).toBe('and later\n');
  });

  it('ends when all of it has been taken', async () => {
    const { write, end, writes, take } = setUp();
    write(line(20_000));
    const ended = vi.fn();
    void end().then(ended);
    await new Promise(process.nextTick);
    expect(writes).toHaveLength(1);
    expect(ended).not.toHaveBeenCalled();
    await take();
    expect(ended).toHaveBeenCalledOnce();
  });

  it('bears that whoever read has gone', async () => {
    const { write, flushSync, end, stream, writes } = setUp();
    stream.destroy(new Error('EPIPE'));
    write('1\n');
    flushSync();
    await end();
    expect(writes).toEqual([]);
  });
});
