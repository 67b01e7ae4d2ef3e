import { connect } from 'node:net';
import { startFaultServer } from '../../test/faults/server.ts';
import { startChild } from '../child.ts';
import { createHistogram } from '../histogram.ts';
import { toTraceId } from './client.ts';
import { type Guarantee, toCount, toMs } from './guarantee.ts';
import type { ServerQuestions } from './server.ts';
import { pause, repeat } from './stage.ts';

const sources = ['a', 'b', 'c', 'd', 'e'];
const clients = 8;
/** Seconds. So that they leave one by one, and a server that is not busy all the time. */
const longestStay = 0.06;

/** From the client's `destroy` to the close of the last of five upstream connections. Both ends are this process: one clock. */
export const clientLeaves: Guarantee = {
  name: 'client-leaves',
  promise: 'client leaves',
  figure: 'upstream work cancelled within 20 ms at p99',
  usual: { seconds: 0, count: 4_000 },
  smoke: { seconds: 0, count: 100 },
  async measure({ count }) {
    const work = createWork();
    const upstream = await startFaultServer({
      on: 'request',
      act: (socket, head) => {
        const traceId = /traceparent: 00-([0-9a-f]{32})/i.exec(head)?.[1] ?? '';
        work.onRequest(traceId);
        socket.once('close', () => work.onClose(traceId));
      },
    });
    const server = startChild<ServerQuestions>(new URL('./server.ts', import.meta.url));
    try {
      const origins = Object.fromEntries(sources.map((name) => [name, `http://127.0.0.1:${upstream.port}`]));
      const port = await server.ask('listen', origins, {
        routes: [{ url: '/five', deadline: 10_000, required: sources }],
        policies: { timeout: false },
      });
      const histogram = createHistogram();
      let maxMs = 0;
      await repeat(count, clients, async () => {
        const traceId = toTraceId();
        const client = connect(port, '127.0.0.1').on('error', () => {});
        client.write(
          `GET /five HTTP/1.1\r\nhost: confluo.test\r\ntraceparent: 00-${traceId}-00000000000000ff-01\r\n\r\n`,
        );
        await work.untilBegun(traceId);
        await pause(longestStay * Math.random());
        const leftAt = performance.now();
        client.destroy();
        await work.untilOver(traceId);
        const ms = performance.now() - leftAt;
        histogram.record(ms);
        maxMs = Math.max(maxMs, ms);
      });
      const p99Ms = histogram.percentile(0.99);
      const p50Ms = histogram.percentile(0.5);
      return {
        holds: p99Ms <= 20,
        result: `${toCount(count)} clients, five sources each: p50 ${toMs(p50Ms)}, p99 ${toMs(p99Ms)}, at most ${toMs(maxMs)}`,
      };
    } finally {
      server.stop();
      await upstream.close();
    }
  },
};

/** What upstreams do for each client's request: it has begun when all sources were asked, and is over when none is left. */
function createWork() {
  const counts = new Map<string, { begun: number; over: number }>();
  const waiting = new Map<string, () => void>();
  const of = (traceId: string) => {
    const known = counts.get(traceId) ?? { begun: 0, over: 0 };
    counts.set(traceId, known);
    return known;
  };
  const until = (traceId: string, isSo: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nothing happened for 5 s')), 5_000);
      const look = () => {
        if (!isSo()) return;
        clearTimeout(timer);
        resolve();
      };
      waiting.set(traceId, look);
      look();
    });
  return {
    onRequest(traceId: string): void {
      of(traceId).begun += 1;
      waiting.get(traceId)?.();
    },
    onClose(traceId: string): void {
      of(traceId).over += 1;
      waiting.get(traceId)?.();
    },
    untilBegun: (traceId: string) => until(traceId, () => of(traceId).begun === sources.length),
    async untilOver(traceId: string): Promise<void> {
      await until(traceId, () => of(traceId).over === sources.length);
      counts.delete(traceId);
      waiting.delete(traceId);
    },
  };
}
