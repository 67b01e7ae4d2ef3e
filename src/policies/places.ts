import pLimit from 'p-limit';
import type { Inspectable } from '../engine/call.ts';
import { startTimer } from '../engine/deadline.ts';
import type { Failure } from '../engine/failure.ts';
import type { Scope } from '../engine/scope.ts';

/** The places of one upstream, and those who wait for one. */
export interface Places extends Inspectable {
  /** Places in all; may change at any time. */
  limit: number;
  /** Places that are taken. */
  readonly inFlight: number;
  /** How many wait. */
  waiting(): number;
  /** Takes a place; false when none is free, or somebody waits for it. */
  take(): boolean;
  /** Waits for a place in turn. Resolves with why there is none: the reason of the scope, or `late` after `maxMs` milliseconds. */
  wait(scope: Scope, maxMs: number, late: Failure): Promise<Failure | undefined>;
  /** Gives a place back. */
  free(): void;
}

/** So many places, all free. */
export function createPlaces(limit: number): Places {
  // The queue: the first in it waits for a place, the others for their turn.
  const turns = pLimit(1);
  let admitFirst: (() => void) | undefined;
  // Plain fields, because they are read on every call.
  const places = { limit, inFlight: 0, waiting, take, wait, free, snapshot };

  function waiting(): number {
    return turns.activeCount + turns.pendingCount;
  }

  function take(): boolean {
    if (places.inFlight >= places.limit || waiting() > 0) return false;
    places.inFlight += 1;
    return true;
  }

  function wait(scope: Scope, maxMs: number, late: Failure): Promise<Failure | undefined> {
    return new Promise((resolve) => {
      let isOver = false;
      let endTurn = () => {};
      let unsubscribe = () => {};
      const end = (failure?: Failure) => {
        isOver = true;
        clearTimeout(timer);
        unsubscribe();
        endTurn();
        resolve(failure);
      };
      const timer = startTimer(maxMs, () => end(late));
      unsubscribe = scope.onAbort(end);
      const beFirst = () =>
        new Promise<void>((done) => {
          // Whoever gave up in the queue leaves it here.
          if (isOver) return done();
          endTurn = () => {
            admitFirst = undefined;
            done();
          };
          admitFirst = () => {
            places.inFlight += 1;
            end();
          };
          if (places.inFlight < places.limit) admitFirst();
        });
      void turns(beFirst);
    });
  }

  function free(): void {
    places.inFlight -= 1;
    if (places.inFlight < places.limit) admitFirst?.();
  }

  function snapshot() {
    return { inFlight: places.inFlight, waiting: waiting(), limit: places.limit };
  }

  return places;
}
