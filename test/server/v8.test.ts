import { execFileSync, spawnSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { describe, expect, it } from 'vitest';

const door = new URL('../../src/server/v8.ts', import.meta.url);

/** Each thread of a process that has tuned V8: its name, and how much nicer than its parent it is. */
function listThreads(): readonly (readonly [name: string, nicer: number])[] {
  const program = `
    import { readdirSync, readFileSync } from 'node:fs';
    import { getPriority } from 'node:os';
    import { tuneV8 } from '${door.href}';
    const before = getPriority();
    tuneV8();
    const toThread = (id) => [
      readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim(),
      getPriority(Number(id)) - before,
    ];
    console.log(JSON.stringify(readdirSync('/proc/self/task').map(toThread)));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }));
}

/** Full collections of a server that makes 6 GB of buffers of 200 KB, one with each request, and drops them. */
function countFullCollections(setUp: string): number {
  const program = `
    import { Server } from 'node:http';
    import { constants, PerformanceObserver } from 'node:perf_hooks';
    import { collectInTime } from '${door.href}';
    const server = new Server();
    ${setUp}
    const kinds = [constants.NODE_PERFORMANCE_GC_MAJOR, constants.NODE_PERFORMANCE_GC_INCREMENTAL];
    let full = 0;
    const observer = new PerformanceObserver((list) => {
      full += list.getEntries().filter(({ detail }) => kinds.includes(detail.kind)).length;
    });
    observer.observe({ entryTypes: ['gc'] });
    let made = 0;
    const make = () => {
      for (let i = 0; i < 10; i += 1) {
        Buffer.allocUnsafe(200_000).fill(0);
        server.emit('request');
      }
      made += 10;
      if (made < 30_000) setImmediate(make);
      else setImmediate(() => console.log(full));
    };
    make();`;
  const args = ['--input-type=module', '-e', program];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

describe('what V8 is told', () => {
  it('is nothing that it does not know', () => {
    const program = `
      import { collectInTime, tuneV8 } from '${door.href}';
      import { Server } from 'node:http';
      tuneV8();
      collectInTime(new Server());`;
    // It says so on standard error, and goes on.
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('buffers that are soon dropped', () => {
  it('cause full collections, but hardly any where young garbage is collected in time', () => {
    const inTime = countFullCollections('collectInTime(server);');
    expect(5 * inTime).toBeLessThan(countFullCollections(''));
  });
});

describe.runIf(process.platform === 'linux')('tuning V8', () => {
  it("makes V8's own threads nicer, and no other", () => {
    const threads = listThreads();
    const isHelper = ([name]: readonly [string, number]) => name === 'V8Worker';
    const helpers = threads.filter(isHelper);
    const others = threads.filter((thread) => !isHelper(thread));
    expect(helpers.length).toBeGreaterThan(0);
    expect(new Set(helpers.map(([, nicer]) => nicer))).toEqual(new Set([Math.min(10, 19 - getPriority())]));
    expect(new Set(others.map(([, nicer]) => nicer))).toEqual(new Set([0]));
  });
});
