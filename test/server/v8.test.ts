import { execFileSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { describe, expect, it } from 'vitest';

/** Each thread of a process that has tuned V8: its name, and how much nicer than its parent it is. */
function listThreads(): readonly (readonly [name: string, nicer: number])[] {
  const door = new URL('../../src/server/v8.ts', import.meta.url);
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
