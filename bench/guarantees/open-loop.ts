/**
 * The load: requests come at their own times, whether or not earlier ones were answered (an open loop), and each is
 * measured from the time it was due. What waits anywhere, here or there, counts.
 */
import { tuneV8 } from '../../src/server/v8.ts';
import { answerQuestions } from '../child.ts';
import { createClient, type HttpClient } from './client.ts';

/** Requests for one path. */
export interface Stream {
  readonly path: string;
  /** Requests a second, at random times (Poisson). */
  readonly rate: number;
}

/** What the clients of one path saw, of the requests that were due in one step. */
export interface StreamFigures {
  readonly requests: number;
  /** Without a whole answer: lost connections, and requests that found none free. */
  readonly lost: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Answers with 503, from when they were sent, milliseconds; 0 where there was none. */
  readonly shedP99Ms: number;
}

interface RunningStream {
  /** Sends what is due. */
  advance(): void;
  /** Begins the next step. */
  pace(rate: number): void;
  figures(): Promise<readonly StreamFigures[]>;
}

// A pause here would look like one of the server.
tuneV8();

/** How long a client waits for a free one, milliseconds. */
const patienceMs = 2_000;
const tickMs = 1;
let client: HttpClient | undefined;
let streams: readonly RunningStream[] = [];
let timer: NodeJS.Timeout | undefined;

const questions = {
  start: (port: number, described: readonly Stream[], connections: number): void => {
    const connected = createClient(port, connections);
    client = connected;
    streams = described.map((stream) => startStream(connected, stream));
    timer = setInterval(() => {
      for (const stream of streams) stream.advance();
    }, tickMs);
  },
  /** Begins a step with these rates, one for each stream. */
  pace: (rates: readonly number[]): void => {
    streams.forEach((stream, index) => stream.pace(rates[index] ?? 0));
  },
  /** Sends nothing more, waits for what is under way, and tells what came, stream by stream, step by step. */
  stop: async (): Promise<readonly (readonly StreamFigures[])[]> => {
    clearInterval(timer);
    const figures = await Promise.all(streams.map((stream) => stream.figures()));
    client?.close();
    return figures;
  },
};

export type OpenLoopQuestions = typeof questions;
answerQuestions(questions);

/** What one path's clients saw in one step so far. */
interface Tally {
  /** Requests that were due since then are its own, by the clock of `performance.now()`. */
  readonly from: number;
  readonly times: number[];
  readonly shedTimes: number[];
  readonly statuses: Record<string, number>;
  requests: number;
  lost: number;
}

const startTally = (from: number): Tally => ({ from, times: [], shedTimes: [], statuses: {}, requests: 0, lost: 0 });

function startStream({ get, isFree }: HttpClient, { path, rate: firstRate }: Stream): RunningStream {
  let rate = firstRate;
  let dueAt = performance.now();
  const steps = [startTally(dueAt)];
  const underWay = new Set<Promise<void>>();
  /** When those were due that wait for a connection; numbers, because under overload there are very many. */
  let waiting: number[] = [];

  const tallyOf = (at: number): Tally => steps.findLast(({ from }) => from <= at) ?? startTally(at);

  function sendWaiting(): void {
    const now = performance.now();
    let next = 0;
    for (; next < waiting.length; next += 1) {
      const at = waiting[next] ?? now;
      if (now - at > patienceMs) tallyOf(at).lost += 1;
      else if (isFree()) send(at);
      else break;
    }
    waiting = next < waiting.length ? waiting.slice(next) : [];
  }

  function send(at: number): void {
    const into = tallyOf(at);
    const sent = get(path)
      .then(
        ({ status, tookMs }) => {
          into.times.push(performance.now() - at);
          into.statuses[status] = (into.statuses[status] ?? 0) + 1;
          if (status === 503) into.shedTimes.push(tookMs);
        },
        () => {
          into.lost += 1;
        },
      )
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
  }

  return {
    advance() {
      for (const now = performance.now(); dueAt <= now; dueAt += (-Math.log(1 - Math.random()) * 1_000) / rate) {
        tallyOf(dueAt).requests += 1;
        waiting.push(dueAt);
      }
      sendWaiting();
    },
    pace(next) {
      rate = next;
      dueAt = performance.now();
      steps.push(startTally(dueAt));
    },
    async figures() {
      while (waiting.length > 0 || underWay.size > 0) {
        await Promise.race([...underWay, pause(tickMs)]);
        sendWaiting();
      }
      return steps.map(toFigures);
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function toFigures({ times, shedTimes, statuses, requests, lost }: Tally): StreamFigures {
  const [p50Ms = Number.NaN, p99Ms = Number.NaN, p999Ms = Number.NaN, maxMs = Number.NaN] = toPercentiles(
    times,
    [0.5, 0.99, 0.999, 1],
  );
  const [shedP99Ms = 0] = toPercentiles(shedTimes, [0.99]);
  return { requests, lost, statuses, p50Ms, p99Ms, p999Ms, maxMs, shedP99Ms };
}

function toPercentiles(times: readonly number[], shares: readonly number[]): readonly (number | undefined)[] {
  const sorted = times.toSorted((a, b) => a - b);
  return shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]);
}
