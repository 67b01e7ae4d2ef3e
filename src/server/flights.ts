import { holdForOne } from '../engine/call.ts';
import { now } from '../engine/deadline.ts';
import type { Execution } from '../engine/execute.ts';
import type { Failure } from '../engine/failure.ts';
import type { SourceReport } from '../engine/run.ts';
import { createScope, type OwnedScope } from '../engine/scope.ts';

/** A request that may share its fan-out. */
export interface Passenger {
  /** Aborted when its client leaves. */
  readonly scope: OwnedScope;
  /** When it came, on the clock of `now`. */
  readonly startedAt: number;
  /** Accounts for bytes of answers; false when they cannot be held, and once it has left. */
  readonly hold: (bytes: number) => boolean;
}

/** Takes how a fan-out ended, in a later microtask than it was begun in. Must not throw. */
export type Land = (execution: Execution) => void;

/**
 * Runs the fan-out, in whose name it may be. Not a promise: one that is made while a request waits is old when it is settled, and
 * an old object that is no longer used keeps what it was settled with through young collections.
 */
export type Fly = (passenger: Pick<Passenger, 'scope' | 'hold'>, land: Land) => void;

/** Lets requests share a fan-out. */
export interface Flights {
  /**
   * Lands with what `fly` brings, or with what it brings to another that came under this key and is not over yet. Requests
   * have a key in common only if their answers and the time they have for them are the same.
   */
  board(key: string, passenger: Passenger, fly: Fly, land: Land): void;
}

interface Flight {
  readonly scope: OwnedScope;
  /** Those who wait for it, in order, and what they are waiting for. */
  readonly waiting: Map<Passenger, Land>;
}

/** How many get what they share in one turn of the event loop: each is an answer to be written. */
const mostPerTurn = 16;

/** What is told of the sources to those who leave while others stay. */
const nothing: Execution = { reports: [], complete: false, failed: undefined };

/**
 * Identical requests in flight are one fan-out. Who leaves disturbs nobody; when the last one leaves, it is cancelled. Whoever
 * joined reports no attempts, and of a source's time what passed since it came. Where the time is up for the one who began, those
 * who joined have some left, and each goes on by itself.
 */
export function createFlights(): Flights {
  const flights = new Map<string, Flight>();

  function board(key: string, passenger: Passenger, fly: Fly, land: Land): void {
    const known = flights.get(key);
    const flight = known ?? depart(key, fly);
    const unsubscribe = passenger.scope.onAbort((failure) => leave(key, flight, passenger, failure));
    flight.waiting.set(passenger, (execution) => {
      unsubscribe();
      if (!known) land(execution);
      else if (isOutOfTime(execution) && !passenger.scope.failure) fly(passenger, land);
      else land(toJoined(execution, passenger));
    });
  }

  function depart(key: string, fly: Fly): Flight {
    const waiting: Flight['waiting'] = new Map();
    const flight = { scope: createScope(), waiting };
    flights.set(key, flight);
    const hold = (bytes: number) => holdForOne(waiting.keys(), bytes);
    fly({ scope: flight.scope, hold }, (execution) => {
      end(key, flight);
      disembark(flight, { ...execution, shared: {} });
    });
    return flight;
  }

  /** Nobody joins it any more; another of the same key may be under way already. */
  function end(key: string, flight: Flight): void {
    if (flights.get(key) === flight) flights.delete(key);
  }

  function leave(key: string, flight: Flight, passenger: Passenger, failure: Failure): void {
    const tell = flight.waiting.get(passenger);
    if (!tell) return;
    // The last one hears how it ended, which is at once.
    if (flight.waiting.size > 1) {
      flight.waiting.delete(passenger);
      return tell(nothing);
    }
    end(key, flight);
    flight.scope.abort(failure);
  }

  return { board };
}

/** Tells all who wait, some in each turn. */
function disembark(flight: Flight, execution: Execution): void {
  let told = 0;
  for (const [passenger, tell] of flight.waiting) {
    if (told === mostPerTurn) {
      setImmediate(disembark, flight, execution);
      return;
    }
    told += 1;
    flight.waiting.delete(passenger);
    tell(execution);
  }
}

/** Whether a source was given up because the one who began had no time left. */
const isOutOfTime = ({ reports }: Execution): boolean =>
  reports.some(({ outcome }) => outcome.status === 'failed' && outcome.failure.reason === 'deadline');

const toJoined = (execution: Execution, { startedAt }: Passenger): Execution => {
  const mostMs = now() - startedAt;
  const toOwn = (report: SourceReport): SourceReport => ({
    ...report,
    attempts: 0,
    durationMs: Math.min(report.durationMs, mostMs),
  });
  return { ...execution, reports: execution.reports.map(toOwn) };
};
