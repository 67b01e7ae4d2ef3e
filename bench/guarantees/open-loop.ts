/**
 * The load: requests come at their own times, whether or not earlier ones were answered (an open loop), and each is
 * measured from the time it was due. What waits anywhere, here or there, counts.
 */
import { keepYoung } from '../../src/server/heap.ts';
import { answerQuestions } from '../child.ts';
import { createClient, type HttpClient } from './client.ts';

/** Requests for one path. */
export interface Stream {
  readonly path: string;
  /** Requests a second, at random times (Poisson). */
  readonly rate: number;
}

/** What the clients of one path saw. */
export interface StreamFigures {
  readonly requests: number;
  /** Connections lost without a whole answer. */
  readonly lost: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

interface RunningStream {
  /** Sends what is due. */
  advance(): void;
  /** Requests that were due before do not count. */
  forget(): void;
  figures(): Promise<StreamFigures>;
}

// A pause here would look like one of the server.
keepYoung();

/** As many as a server takes from one address by default; what comes while all are busy waits, and the wait counts. */
const connections = 256;
const tickMs = 1;
let client: HttpClient | undefined;
let streams: readonly RunningStream[] = [];
let timer: NodeJS.Timeout | undefined;

const questions = {
  start: (port: number, described: readonly Stream[]): void => {
    const connected = createClient(port, connections);
    client = connected;
    streams = described.map((stream) => startStream(connected, stream));
    timer = setInterval(() => {
      for (const stream of streams) stream.advance();
    }, tickMs);
  },
  forget: (): void => {
    for (const stream of streams) stream.forget();
  },
  /** Sends nothing more, waits for what is under way, and tells what came, stream by stream. */
  stop: async (): Promise<readonly StreamFigures[]> => {
    clearInterval(timer);
    const figures = await Promise.all(streams.map((stream) => stream.figures()));
    client?.close();
    return figures;
  },
};

export type OpenLoopQuestions = typeof questions;
answerQuestions(questions);

/** What one path's clients saw so far. */
interface Tally {
  readonly times: number[];
  readonly statuses: Record<string, number>;
  requests: number;
  lost: number;
}

const startTally = (): Tally => ({ times: [], statuses: {}, requests: 0, lost: 0 });

function startStream({ get }: HttpClient, { path, rate }: Stream): RunningStream {
  const underWay = new Set<Promise<void>>();
  let tally = startTally();
  let dueAt = performance.now();

  async function send(at: number, into: Tally): Promise<void> {
    into.requests += 1;
    try {
      const { status } = await get(path);
      into.times.push(performance.now() - at);
      into.statuses[status] = (into.statuses[status] ?? 0) + 1;
    } catch {
      into.lost += 1;
    }
  }

  return {
    advance() {
      for (const now = performance.now(); dueAt <= now; dueAt += (-Math.log(1 - Math.random()) * 1_000) / rate) {
        const sent = send(dueAt, tally).finally(() => underWay.delete(sent));
        underWay.add(sent);
      }
    },
    forget() {
      tally = startTally();
    },
    async figures() {
      await Promise.all(underWay);
      const { times, statuses, requests, lost } = tally;
      times.sort((a, b) => a - b);
      const percentile = (share: number) => times[Math.max(0, Math.ceil(share * times.length) - 1)] ?? Number.NaN;
      const [p99Ms, p999Ms, maxMs] = [percentile(0.99), percentile(0.999), percentile(1)];
      return { requests, lost, statuses, p99Ms, p999Ms, maxMs };
    },
  };
}
