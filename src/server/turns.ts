import Queue from 'yocto-queue';
import { now } from '../engine/deadline.ts';

/** Begins work in turns of the event loop. */
export interface Turns {
  /** How much waits for its turn. */
  waiting(): number;
  /** How long what comes now would wait, milliseconds, as things went lately. */
  expectedMs(): number;
  /** Begins work, which must not throw, now or in a later turn if much has begun in this one. First come, first served. */
  begin(work: () => void): void;
}

/** With what began in the turns before, and has calls under way, fewer than the 64 calls that an upstream gets at once. */
const mostPerTurn = 16;
/** How long a turn may take, milliseconds, so that whoever is turned away hears of it within 10. */
const longestTurnMs = 5;
/** Of the last turn in the moving average: about the last ten count. */
const newWeight = 0.1;

/**
 * Lets a little work begin in each turn of the event loop: 16 pieces, or fewer where turns with so many take long. Node reads all
 * that has arrived before it does anything else, so a process that has more to do than it can begins everything and finishes
 * nothing: hundreds of calls at once to upstreams that are quick, whose answers nobody reads. This way what has begun goes
 * first, and what waits shows how late the process is.
 */
export function createTurns(): Turns {
  const queue = new Queue<() => void>();
  let perTurn = mostPerTurn;
  let begun = 0;
  let turnedAt = 0;
  /** From one beginning to the next where some wait, milliseconds. */
  let spacingMs = 0;

  function begin(work: () => void): void {
    if (begun >= perTurn || queue.size > 0) return queue.enqueue(work);
    if (begun === 0) startTurn();
    begun += 1;
    work();
  }

  function startTurn(): void {
    turnedAt = now();
    setImmediate(endTurn);
  }

  function endTurn(): void {
    const tookMs = now() - turnedAt;
    if (queue.size > 0) spacingMs += newWeight * (tookMs / begun - spacingMs);
    if (tookMs > longestTurnMs) perTurn = Math.ceil(perTurn / 2);
    else if (perTurn < mostPerTurn) perTurn += 1;
    begun = Math.min(perTurn, queue.size);
    if (begun > 0) startTurn();
    for (let i = 0; i < begun; i += 1) queue.dequeue()?.();
  }

  return { waiting: () => queue.size, expectedMs: () => queue.size * spacingMs, begin };
}
