import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../child.ts';
import { warmUp } from '../compare.ts';
import type { OpenLoopQuestions, StreamFigures } from '../guarantees/open-loop.ts';
import { median } from '../measure.ts';
import { contestants, type RunningServer } from '../servers.ts';
import type { Session } from '../session.ts';
import { judgeMost } from '../verdict.ts';
import { verifyAnswers } from '../verify.ts';
import { toDelayedMerge } from '../works.ts';
import { type Mode, toShort } from './mode.ts';

const rate = 600;
const upstreamMs = 5;
/** What comes while all are busy waits, and the wait counts. */
const connections = 256;
const work = toDelayedMerge(upstreamMs);

/** Requests at their own times, measured from when they were due. */
export const openMode: Mode = {
  names: ['undici', 'confluo'],
  run: async ({ session, names, pace, smoke }) => {
    const windows = smoke ? 1 : Math.max(3, pace.rounds - 2);
    const windowMs = smoke ? 300 : 3 * pace.windowMs;
    const measured = await session.withServers(names, {}, async (servers) => {
      await verifyAnswers(servers, work);
      for (const server of servers) await warmUp(server, work, session.load, toShort(pace));
      const found: StreamFigures[][] = servers.map(() => []);
      for (let round = 0; round < windows; round += 1) {
        for (const [index, server] of servers.entries())
          found[index]?.push(await loadOpenly(session, server, windowMs));
      }
      return found;
    });
    const rows = measured.map((figures, index) => ({ label: toLabel(names[index]), ...toMedians(figures) }));
    const baseline = rows.find(({ label }) => label.startsWith('(b)')) ?? rows[0];
    const ours = rows.filter(({ label }) => label.startsWith('(c)'));
    const ratios = ours.map(({ p99Ms }) => p99Ms / (baseline?.p99Ms ?? 1));
    const lost = ours.reduce((sum, { unanswered }) => sum + unanswered, 0);
    return {
      title: `Latency at ${rate} requests a second, upstreams answering after ${upstreamMs} ms`,
      columns: ['server', 'p50 ms', 'p99 ms', 'p99 lowest-highest', 'requests', 'not 200'],
      rows: rows.map(({ label, p50Ms, p99Ms, range, requests, unanswered }) => [
        label,
        p50Ms.toFixed(1),
        p99Ms.toFixed(1),
        range,
        String(requests),
        String(unanswered),
      ]),
      measure: 'p99 from the scheduled time, with the 5 ms of the upstreams; in brackets: p50',
      bars: rows.map(({ label, p50Ms, p99Ms }) => ({
        label,
        value: p99Ms,
        note: `${p99Ms.toFixed(1)} ms  (${p50Ms.toFixed(1)})`,
      })),
      verdicts: [
        judgeMost('p99 of (c) in relation to that of (b) is at most 0.5', ratios, 0.5),
        { holds: lost === 0, claim: '(c) answers every request with 200', found: `${lost} without` },
      ],
      notes: [`Open loop, Poisson arrivals, from the scheduled time; medians of ${windows} alternating windows.`],
    };
  },
};

/** One window: what comes in its first third is not counted, the generator is cold then. */
async function loadOpenly({ otherCore }: Session, { name, port }: RunningServer, windowMs: number) {
  const file = new URL('../guarantees/open-loop.ts', import.meta.url);
  const load = startChild<OpenLoopQuestions>(file, { core: otherCore });
  try {
    await load.ask('start', port, [{ path: work.path, rate }], connections);
    await sleep(windowMs / 3);
    await load.ask('pace', [rate]);
    await sleep(windowMs);
    const figures = (await load.ask('stop'))[0]?.at(-1);
    if (!figures?.statuses['200']) throw new Error(`${name}: nothing was answered`);
    return figures;
  } finally {
    load.stop();
  }
}

const toLabel = (name: keyof typeof contestants | undefined): string => (name ? contestants[name].label : '');

function toMedians(figures: readonly StreamFigures[]) {
  const p99s = figures.map(({ p99Ms }) => p99Ms);
  return {
    p50Ms: median(figures.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(p99s),
    requests: figures.reduce((sum, { requests }) => sum + requests, 0),
    unanswered: figures.reduce((sum, { requests, statuses }) => sum + requests - (statuses['200'] ?? 0), 0),
    range: [Math.min(...p99s), Math.max(...p99s)].map((ms) => ms.toFixed(1)).join('-'),
  };
}
