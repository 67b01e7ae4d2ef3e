import { setTimeout as sleep } from 'node:timers/promises';
import { warmUp } from '../compare.ts';
import type { Memory } from '../servers/serve.ts';
import { contestants, type RunningServer } from '../servers.ts';
import type { Session } from '../session.ts';
import { toMegabytes } from '../table.ts';
import { judgeMost } from '../verdict.ts';
import { hangingMerge, merge, toDelayedMerge } from '../works.ts';
import { type Mode, toShort } from './mode.ts';

/** What a server holds. */
interface Held {
  readonly label: string;
  readonly idle: Memory;
  readonly loaded: Memory;
  readonly bytesEach: number;
}

/** What requests wait for, and what they have already. */
interface Situation {
  readonly label: string;
  readonly toPath: (delayMs: number) => string;
  /** What (c) may need, of (b). */
  readonly limit: number;
}

const situations: readonly Situation[] = [
  { label: 'no answer is here', toPath: (delayMs) => toDelayedMerge(delayMs).path, limit: 0.5 },
  { label: 'two of three are', toPath: () => hangingMerge.path, limit: 1 },
];

/** Memory for each request that waits for its upstreams. */
export const memoryMode: Mode = {
  names: ['undici', 'confluo'],
  run: async ({ session, names, pace, smoke }) => {
    const [count, delayMs] = smoke ? [50, 1_000] : [1_000, 6_000];
    const deadlineMs = 2 * delayMs;
    const setup = {
      deadlineMs,
      upstreamConnections: count,
      // Standard, as far as a thousand calls of an upstream are allowed at once, and to be slow.
      policies: { timeout: 1.5 * delayMs, bulkhead: { limit: count } },
    };
    const found = situations.map((): Held[] => []);
    for (const name of names) {
      await session.withServers([name], { setup }, async ([server]) => {
        if (!server) return;
        await warmUp(server, merge, session.load, toShort(pace));
        for (const [index, { toPath }] of situations.entries()) {
          // Until timers and idle connections of what was before are over, which some servers leave behind.
          if (!smoke) await sleep(deadlineMs);
          found[index]?.push(await hold(session, server, { count, delayMs, path: toPath(delayMs) }));
        }
      });
    }
    const toKilobytes = (bytes: number) => (bytes / 1_024).toFixed(1);
    return {
      title: 'Memory for each request in flight',
      columns: ['of three answers', 'server', 'KB each', 'used MB without', 'with', 'RSS MB without', 'with'],
      rows: found.flatMap((held, index) =>
        held.map(({ label, idle, loaded, bytesEach }) => [
          situations[index]?.label ?? '',
          label,
          toKilobytes(bytesEach),
          ...[idle.usedBytes, loaded.usedBytes, idle.rssBytes, loaded.rssBytes].map(toMegabytes),
        ]),
      ),
      measure: 'Heap and buffers for each request in flight, its four sockets with it',
      bars: found.flatMap((held, index) =>
        held.map(({ label, bytesEach }) => ({
          label: `${label}, ${situations[index]?.label}`,
          value: bytesEach,
          note: `${toKilobytes(bytesEach)} KB`,
        })),
      ),
      verdicts: situations.map(({ label, limit }, index) =>
        judgeMost(`where ${label}, (c) needs at most ${limit} of (b)`, toRatios(found[index] ?? []), limit),
      ),
      notes: [
        `${count.toLocaleString('en')} requests wait for three upstreams each, with as many connections to each upstream; read after a full collection of garbage, before and while they wait, of a warm server.`,
      ],
    };
  },
};

/** To the first. */
const toRatios = ([baseline, ...others]: readonly Held[]): readonly number[] =>
  others.map(({ bytesEach }) => bytesEach / (baseline?.bytesEach ?? 1));

/** How many ask for what, and how long nothing comes. */
interface Crowd {
  readonly count: number;
  readonly delayMs: number;
  readonly path: string;
}

/** Reads the memory of a warm server, without requests and with so many. */
async function hold({ load }: Session, { name, port, child }: RunningServer, { count, delayMs, path }: Crowd) {
  if (!child) throw new Error(`${name}: its memory cannot be read from here`);
  const idle = await child.ask('memory');
  await load.ask('mark');
  await load.ask('start', { port, path, connections: count });
  await sleep(delayMs / 2);
  const loaded = await child.ask('memory');
  const early = await load.ask('take');
  await load.ask('stop');
  const late = await load.ask('take');
  if (early.answers > 0 || late.answers !== count || late.errors > 0) {
    const wrong = JSON.stringify(late.errorsBy);
    throw new Error(
      `${name}: ${early.answers} answers while it held, ${late.answers} of ${count} in the end, ${wrong}`,
    );
  }
  return { label: contestants[name].label, idle, loaded, bytesEach: (loaded.usedBytes - idle.usedBytes) / count };
}
