import Denque from 'denque';
import { now } from '../engine/deadline.ts';

let waiting: (() => void)[] = [];

/**
 * Runs something once all that is known now has been said: after every promise that is settled, and every one that settles by
 * that, before anything else arrives. What is run must not throw.
 */
export function atEndOfTurn(run: () => void): void {
  if (waiting.push(run) > 1) return;
  // Ticks come before promises when both wait, and after them when promises make them wait.
  queueMicrotask(() => process.nextTick(runAll));
}

function runAll(): void {
  const all = waiting;
  waiting = [];
  for (const run of all) run();
}

/** How long a turn of the event loop is worked before the rest waits for the next one, milliseconds; what the answers become comes on top. */
const mostMs = 1;
/** Taken now: a test's own clock must not stop what all share. */
const later = setImmediate;
const queue = new Denque<() => void>();
let isTurning = false;
let workedMs = 0;

/**
 * Runs work of some weight: now, or in a later turn of the event loop if much has been done in this one, first come, first
 * served. Answers arrive in crowds, and whoever else wants something, if only to hear that it is too much, is not to wait until the
 * last of them is read. What is run must not throw.
 */
export function inTurn(run: () => void): void {
  if (queue.length > 0 || workedMs >= mostMs) {
    queue.push(run);
    return;
  }
  if (!isTurning) turn();
  work(run);
}

/** Whether work that came `inTurn` waits for a later one. */
export const isBehind = (): boolean => queue.length > 0;

function turn(): void {
  isTurning = true;
  workedMs = 0;
  later(endTurn);
}

function work(run: () => void): void {
  const startedAt = now();
  run();
  workedMs += now() - startedAt;
}

function endTurn(): void {
  isTurning = false;
  workedMs = 0;
  if (queue.length === 0) return;
  turn();
  for (let run = queue.shift(); run; run = workedMs < mostMs ? queue.shift() : undefined) work(run);
}
