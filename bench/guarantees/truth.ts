import type { SourceStatus } from '../../src/engine/envelope.ts';
import { createClient, toTraceId } from './client.ts';
import { anything, type FaultName, faults } from './faults.ts';
import { type Guarantee, toCount } from './guarantee.ts';
import { pause, repeat, withStage } from './stage.ts';
import type { Arrival } from './upstream.ts';

const clients = 32;
/** Milliseconds for an attempt: so long that an answer which is written is also read, whatever else the machine does. */
const attemptMs = 1_000;
const fine = Array.from({ length: 40 }, (): FaultName => 'ok');

/** What each source does: seldom wrong, often wrong, always wrong, and losing connections that are in use. */
const sources: Readonly<Record<string, readonly FaultName[]>> = {
  steady: ['ok', 'slow'],
  seldom: [...fine, ...anything],
  wrong: anything,
  losing: ['ok', 'ok', 'reset', 'closed'],
  retried: ['ok', 'unavailable', 'slow', 'limitedShortly'],
};

/** Each request has a trace id, by which its answer is held against what the upstreams themselves wrote down. */
export const truth: Guarantee = {
  name: 'truth',
  promise: 'truth',
  figure: '`sources` (status and attempts) agrees with what the upstream itself recorded, 100 %',
  usual: { seconds: 0, count: 10_000 },
  smoke: { seconds: 0, count: 200 },
  measure: ({ count }) =>
    withStage(
      {
        routes: [{ url: '/all', deadline: 5 * attemptMs, optional: Object.keys(sources) }],
        policies: { timeout: attemptMs },
      },
      async ({ port, upstream }) => {
        await upstream.ask('record');
        for (const [name, choice] of Object.entries(sources)) await upstream.ask('behave', name, choice);
        const client = createClient(port);
        const said = new Map<string, Readonly<Record<string, SourceStatus>>>();
        await repeat(count, clients, async () => {
          const traceId = toTraceId();
          const { body } = await client.get('/all', traceId);
          const { sources } = JSON.parse(body.toString()) as { sources: Record<string, SourceStatus> }; // an envelope
          said.set(traceId, sources);
        });
        client.close();
        await pause(0.1);

        const lies: string[] = [];
        let sent = 0;
        for (const name of Object.keys(sources)) {
          const arrivals = Map.groupBy(await upstream.ask('arrivals', name), ({ traceId }) => traceId);
          for (const [traceId, statuses] of said) {
            const seen = arrivals.get(traceId) ?? [];
            const status = statuses[name];
            if (seen.length > 0) sent += 1;
            if (!agrees(status, seen)) lies.push(toComplaint(name, status, seen));
          }
        }
        const all = said.size * Object.keys(sources).length;
        const examples = lies.length === 0 ? '' : `; for example ${[...new Set(lies)].slice(0, 3).join('; ')}`;
        return {
          holds: lies.length === 0 && sent > 0,
          result: `${toCount(all - lies.length)} of ${toCount(all)} sources, ${toCount(sent)} of which were called${examples}`,
        };
      },
    ),
};

/** What never arrived was refused here; all others ended as their last attempt did. */
function agrees(status: SourceStatus | undefined, seen: readonly Arrival[]): boolean {
  if (!status || status.attempts !== seen.length) return false;
  const last = seen.at(-1);
  const code = status.code ?? status.status;
  return last ? code === faults[last.fault].ends : code === 'circuit_open' || code === 'saturated';
}

const toComplaint = (name: string, status: SourceStatus | undefined, seen: readonly Arrival[]): string =>
  `${name}: ${status?.code ?? status?.status} after ${status?.attempts}, seen ${seen.map(({ fault }) => fault).join(', ')}`;
