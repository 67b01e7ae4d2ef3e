import Queue from 'yocto-queue';
import { now } from '../engine/deadline.ts';

/** Begins work in turns of the event loop. */
export interface Turns {
  /** How much waits for its turn. */
  waiting(): number;
  /** How long what comes now would wait, milliseconds, as things went lately. */
  expectedMs(): number;
  /** Begins work, which must not throw, now or in a later turn if some has begun in this one. First come, first served. */
  begin(work: () => void): void;
  /** A connection was accepted: more may wait behind it, and are let pass before work begins. */
  connect(): void;
}

/** Of the last turn in the moving average: about the last hundred count. */
const newWeight = 0.01;
/** What counts of a turn at most, milliseconds: a stall says nothing of those to come. */
const longestMs = 10;
/** Connections that are let pass before work begins; one costs about a tenth of a request. */
const mostPassing = 8;

/**
 * Lets one piece of work begin in each turn of the event loop. Node reads all that has arrived before it does anything else,
 * so a process that has more to do than it can begins everything and finishes nothing. This way what has begun goes first, and
 * what waits shows how late the process is.
 *
 * Turns have to be short also because libuv accepts one connection in each, since 1.45: those who come over new ones, as a
 * proxy's clients do when answers get late, would otherwise wait for seconds where nobody sees them.
 */
export function createTurns(): Turns {
  const queue = new Queue<() => void>();
  let isTaken = false;
  let turnedAt = 0;
  let hasConnected = false;
  let passed = 0;
  /** From one beginning to the next where some wait, milliseconds. */
  let spacingMs = 0;

  function begin(work: () => void): void {
    if (isTaken) queue.enqueue(work);
    else take(work);
  }

  function take(work: () => void): void {
    isTaken = true;
    hasConnected = false;
    turnedAt = now();
    setImmediate(endTurn);
    work();
  }

  function endTurn(): void {
    if (hasConnected && passed < mostPassing) {
      hasConnected = false;
      passed += 1;
      setImmediate(endTurn);
      return;
    }
    passed = 0;
    isTaken = false;
    const next = queue.dequeue();
    if (!next) return;
    spacingMs += newWeight * (Math.min(now() - turnedAt, longestMs) - spacingMs);
    take(next);
  }

  return {
    waiting: () => queue.size,
    expectedMs: () => queue.size * spacingMs,
    begin,
    connect() {
      hasConnected = true;
    },
  };
}
