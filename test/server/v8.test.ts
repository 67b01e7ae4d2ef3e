import { execFileSync } from 'node:child_process';
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

/** How much room a process has for new objects after having made many that last for a while, MiB; V8's own limit is 256. */
function toNewSpace(setUp: string): number {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8';
    ${setUp}
    const kept = [];
    let turns = 0;
    const make = () => {
      kept[turns % 8] = Array.from({ length: 100_000 }, (_, index) => ({ index }));
      turns += 1;
      if (turns < 150) return setImmediate(make);
      const room = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
      console.log(room.space_size / 1_048_576);
    };
    make();`;
  const args = ['--max-semi-space-size=128', '--input-type=module', '-e', program];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

describe('the room for new objects', () => {
  it('is bounded where V8 is tuned, and would grow where it is not', () => {
    const tuned = toNewSpace(`import { tuneV8 } from '${door.href}'; tuneV8();`);
    expect([tuned, toNewSpace('') > tuned]).toEqual([64, true]);
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
