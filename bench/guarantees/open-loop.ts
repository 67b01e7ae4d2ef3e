/**
 * The load: requests come at their own times, whether or not earlier ones were answered (an open loop), and each is
 * measured from the time it was due. What waits anywhere, here or there, counts.
 */
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
  figures(): Promise<StreamFigures>;
}

const tickMs = 1;
let client: HttpClient | undefined;
let streams: readonly RunningStream[] = [];
let timer: NodeJS.Timeout | undefined;

const questions = {
  start: (port: number, described: readonly Stream[]): void => {
    const connected = createClient(port);
    client = connected;
    streams = described.map((stream) => startStream(connected, stream));
    timer = setInterval(() => {
      for (const stream of streams) stream.advance();
    }, tickMs);
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

function startStream({ get }: HttpClient, { path, rate }: Stream): RunningStream {
  const times: number[] = [];
  const statuses: Record<string, number> = {};
  const underWay = new Set<Promise<void>>();
  let requests = 0;
  let lost = 0;
  let dueAt = performance.now();

  async function send(at: number): Promise<void> {
    requests += 1;
    try {
      const { status } = await get(path);
      times.push(performance.now() - at);
      statuses[status] = (statuses[status] ?? 0) + 1;
    } catch {
      lost += 1;
    }
  }

  return {
    advance() {
      for (const now = performance.now(); dueAt <= now; dueAt += (-Math.log(1 - Math.random()) * 1_000) / rate) {
        const sent = send(dueAt).finally(() => underWay.delete(sent));
        underWay.add(sent);
      }
    },
    async figures() {
      await Promise.all(underWay);
      times.sort((a, b) => a - b);
      const percentile = (share: number) => times[Math.max(0, Math.ceil(share * times.length) - 1)] ?? Number.NaN;
      const [p99Ms, p999Ms, maxMs] = [percentile(0.99), percentile(0.999), percentile(1)];
      return { requests, lost, statuses, p99Ms, p999Ms, maxMs };
    },
  };
}
