import Denque from 'denque';
import { createBatch } from '../engine/batch.ts';
import { now } from '../engine/deadline.ts';

/**
 * Runs something once all that is known now has been said: after every promise that is settled, and every one that settles by
 * that, before anything else arrives. What is run must not throw.
 */
export const atEndOfTurn = createBatch((runAll) => {
  // Ticks come before promises when both wait, and after them when promises make them wait.
  queueMicrotask(() => process.nextTick(runAll));
});

/** How long a turn of the event loop is worked before the rest waits for the next one, milliseconds; what the answers become comes on top. */
const mostMs = 1;
/** Taken now: a test's own clock must not stop what all share. */
const later = setImmediate;
const queue = new Denque<() => void>();
let isLate = false;

/**
 * Runs work of some weight when all that has arrived has been read, or in a later turn of the event loop if there is much of it; first
 * come, first served. Answers arrive in crowds: together they cost less than each by itself between two reads, and whoever else
 * wants something, if only to hear that it is too much, is not to wait until the last of them is read. What is run must not throw.
 */
export function inTurn(run: () => void): void {
  if (queue.push(run) === 1) later(work);
}

/** Whether work that came `inTurn` was left for a later one. */
export const isBehind = (): boolean => isLate;

function work(): void {
  const startedAt = now();
  do {
    // Taken off only then: what it brings must not begin a second round of its own.
    queue.peekFront()?.();
    queue.shift();
  } while (queue.length > 0 && now() - startedAt < mostMs);
  isLate = queue.length > 0;
  if (isLate) later(work);
}
