import { expect, test, vi } from 'vitest';
import type { Child } from '../../bench/child.ts';
import { compare } from '../../bench/compare.ts';
import type { LoadQuestions } from '../../bench/load.ts';
import type { RunningServer } from '../../bench/servers.ts';

vi.mock('node:timers/promises', () => ({ setTimeout: async () => {} }));

const pace = { connections: 8, windowMs: 100, warmupMs: 0, rounds: 3, extraRounds: 2, sittings: 1 };
const work = { path: '/merge/42', sources: ['catalog'] };

/** A server whose windows cost so much, one after the other. */
function createServer(name: RunningServer['name'], costs: readonly number[]): RunningServer {
  let readings = 0;
  let cpuMicros = 0;
  return {
    name,
    port: 1,
    stop: () => {},
    usage: async () => {
      if (readings % 2 === 1) cpuMicros += 1_000 * (costs[(readings - 1) / 2] ?? 0);
      readings += 1;
      return { cpuMicros, atMs: 100 * readings, requests: 1_000 * readings, rssBytes: 1 };
    },
  };
}

/** A load that saw so many 503 in each window. */
function createLoad(refused: readonly number[]): Child<LoadQuestions> {
  let taken = 0;
  const ask = async (name: string) => {
    if (name !== 'take') return undefined;
    taken += 1;
    const count = refused[taken - 1] ?? 0;
    return { answers: 1_000, errors: count, errorsBy: { 503: count }, p50Ms: 1, p99Ms: 2 };
  };
  // What the questions of a load are answered with, as far as it matters here.
  return { ask: ask as Child<LoadQuestions>['ask'], stop: () => {} };
}

const toCosts = (windows: readonly (readonly { readonly cpuMicrosPerRequest: number }[])[]) =>
  windows.map((of) => of.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest));

test('windows of all servers stand side by side, round by round', async () => {
  const servers = [createServer('undici', [1, 2, 3]), createServer('confluo', [4, 5, 6])];
  const { windows, wrong } = await compare(servers, work, createLoad([]), pace);
  expect(toCosts(windows)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(wrong).toEqual([]);
});

test('a round in which requests went wrong is taken again, for all servers, and told', async () => {
  const servers = [createServer('undici', [1, 2, 3, 7]), createServer('confluo', [4, 5, 6, 8])];
  const { windows, wrong } = await compare(servers, work, createLoad([0, 0, 0, 12]), pace);
  expect(toCosts(windows)).toEqual([
    [1, 3, 7],
    [4, 6, 8],
  ]);
  expect(wrong).toEqual(['undici, /merge/42: not only answers, but 12 times 503']);
});

test('servers are measured there and back again', async () => {
  const readings: string[] = [];
  const servers = (['undici', 'confluo'] as const).map((name) => {
    const server = createServer(name, []);
    const usage = () => {
      readings.push(name);
      return server.usage();
    };
    return { ...server, usage };
  });
  await compare(servers, work, createLoad([]), pace);
  const order = readings.filter((_, index) => index % 2 === 0); // one at the beginning of each window, one at its end
  expect(order).toEqual(['undici', 'confluo', 'confluo', 'undici', 'undici', 'confluo']);
});

test('a server that goes wrong again and again is not measured', async () => {
  const servers = [createServer('confluo', [])];
  const measured = compare(servers, work, createLoad([1, 2, 3, 4, 5, 6]), pace);
  await expect(measured).rejects.toThrow('confluo, /merge/42: not only answers, but 4 times 503');
});
