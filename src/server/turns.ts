import { performance } from 'node:perf_hooks';
import Denque from 'denque';
import { now } from '../engine/deadline.ts';

/** Begins work in turns of the event loop. */
export interface Turns {
  /** How much waits for its turn. */
  waiting(): number;
  /** How long what comes now would wait, milliseconds, as things went lately. */
  expectedMs(): number;
  /** Begins work, which must not throw: now, or in a later turn when much has begun lately. First come, first served. */
  begin(work: () => void): void;
  /** A connection was accepted: more may wait behind it, and are let pass before work begins. */
  connect(): void;
  /** Looks at what the work begun since the last time has cost. */
  tick(): void;
}

/** What is known of the process beside. */
export interface TurnsOptions {
  /** Whether answers to what has begun wait to be read: then nothing begins. Default never. */
  readonly isBehind?: (() => boolean) | undefined;
  /** How long the event loop has not been idle since the process began, milliseconds. Default: Node's own count. */
  readonly activeMs?: (() => number) | undefined;
}

/** What one takes of the process until that is known, and at most, milliseconds: a stall says nothing of those to come. */
const firstCostMs = 1;
const mostCostMs = 10;
/** For how many the first guess counts where a wait is foretold. */
const firstBegun = 25;
/** Of one piece of work in the moving average that sets the pace: about the last hundred count. */
const newWeight = 0.01;
/**
 * What stays of the sums by which a wait is foretold, from one look with work to the next: at one in 20 milliseconds they go back half
 * a second, as far as waits go ahead. A stall of a tenth of a second is part of a wait, not four times as long a wait.
 */
const keptShare = 0.96;
/** How much more begins than the process gets done, so that it is never without work and finds out when it can do more. */
const eagerness = 2;
/** What one takes of the process at least, milliseconds, so that the pace has an end. */
const leastCostMs = 0.01;
/** A turn in which there was nothing to do is shorter, milliseconds; anything that has arrived takes longer. */
const emptyTurnMs = 0.1;
/** What may begin at once, as much as takes so many milliseconds: whoever is turned away waits for the turn that goes on. */
const mostAtOnceMs = 0.8;
/** The same in numbers: one alone gives up a seventh of what the process can do, and eight were no faster than four. */
const leastAtOnce = 2;
const mostAtOnce = 8;
/** Connections that are let pass before work begins; one costs about a tenth of a request. */
const mostPassing = 8;

/**
 * Lets work begin at the pace at which it gets done, a little at a time. Node reads all that has arrived before it does anything
 * else, so a process that has more to do than it can begins everything and finishes nothing, and upstreams that are slow for
 * a moment get more calls than they take. This way what has begun goes first, and what waits shows how late the process is.
 *
 * Turns have to be short also because libuv accepts one connection in each, since 1.45: those who come over new ones, as a
 * proxy's clients do when answers get late, would otherwise wait for seconds where nobody sees them.
 */
export function createTurns({ isBehind = () => false, activeMs = toActiveMs }: TurnsOptions = {}): Turns {
  // A ring. A node of a linked list that got old while it waited keeps all that come behind it through young collections.
  const queue = new Denque<() => void>();
  let isTurning = false;
  let hasConnected = false;
  let passed = 0;
  let costMs = firstCostMs;
  /** How active the process was lately, milliseconds, and for how many. */
  const lately = { activeMs: firstBegun * firstCostMs, begun: firstBegun };
  /** What may begin now, and since when that is known. */
  let credit = leastAtOnce;
  let creditAt = now();
  /** What began since the process was looked at, and how active it had been by then. */
  let begun = 0;
  let activeBefore = activeMs();
  /** When the turn began that goes on. */
  let turnedAt = 0;
  /** What passed in empty turns while work waited for the pace, and by the last look. To the event loop that is no idleness, but it is nobody's cost. */
  let emptyMs = 0;
  let emptyBefore = 0;

  function begin(work: () => void): void {
    if (queue.length === 0 && mayBegin()) return start(work);
    queue.push(work);
    turn();
  }

  function mayBegin(): boolean {
    const at = now();
    const most = Math.min(Math.max(mostAtOnceMs / costMs, leastAtOnce), mostAtOnce);
    credit = Math.min(most, credit + (eagerness * (at - creditAt)) / costMs);
    creditAt = at;
    return credit >= 1 && !isBehind();
  }

  function start(work: () => void): void {
    credit -= 1;
    begun += 1;
    work();
  }

  function turn(): void {
    if (isTurning) return;
    isTurning = true;
    hasConnected = false;
    turnedAt = now();
    setImmediate(endTurn);
  }

  function endTurn(): void {
    isTurning = false;
    const turnMs = now() - turnedAt;
    if (turnMs < emptyTurnMs) emptyMs += turnMs;
    if (hasConnected && passed < mostPassing) {
      passed += 1;
      return turn();
    }
    passed = 0;
    if (mayBegin()) {
      for (let work = queue.shift(); work; work = credit >= 1 ? queue.shift() : undefined) start(work);
    }
    if (queue.length > 0) turn();
  }

  function tick(): void {
    // What takes its time to begin is counted when it has begun.
    if (begun === 0 && queue.length > 0) return;
    const active = activeMs();
    if (begun > 0) {
      const workedMs = active - activeBefore - (emptyMs - emptyBefore);
      const tookMs = Math.min(Math.max(workedMs, begun * leastCostMs), begun * mostCostMs);
      costMs += (1 - (1 - newWeight) ** begun) * (tookMs / begun - costMs);
      lately.activeMs = keptShare * lately.activeMs + tookMs;
      lately.begun = keptShare * lately.begun + begun;
    }
    begun = 0;
    activeBefore = active;
    emptyBefore = emptyMs;
  }

  return {
    waiting: () => queue.length,
    expectedMs: () => (queue.length * lately.activeMs) / lately.begun,
    begin,
    connect() {
      hasConnected = true;
    },
    tick,
  };
}

const toActiveMs = (): number => performance.eventLoopUtilization().active;
