import { now } from '../engine/deadline.ts';
import { DefinitionError } from '../engine/definition-error.ts';
import { createHold, type Held } from './hold.ts';
import { createTurns, type TurnsOptions } from './turns.ts';

/** How much a server takes on. */
export interface AdmissionOptions {
  /** Aggregations in flight at once. */
  readonly maxInFlight?: number | undefined;
  /** Bytes of upstreams' answers held at once, by all requests together, from their arrival until the client has its answer. */
  readonly maxHeldBytes?: number | undefined;
  /** How late timers may be twice in a row, milliseconds: later than this the process has more to do than it can. */
  readonly maxLagMs?: number | undefined;
}

/** What one request holds, from its admission to its end. */
export interface Admitted {
  /** Accounts for bytes of an answer; false when they are more than the server can hold, or the request has ended. */
  hold(bytes: number): boolean;
  /** The request has ended, however it did. */
  leave(): void;
}

/** Decides who is let in, and when. */
export interface Admission {
  /** Lets in a request that has so many milliseconds for its answer; undefined when there is too much to do already. */
  admit(deadlineMs: number): Admitted | undefined;
  /** Begins the work of a request that was let in: now, or behind others, if there is much to do. It must not throw. */
  readonly begin: (work: () => void) => void;
  /** A connection was accepted. */
  readonly connect: () => void;
  /** A request of this connection was turned away: where there are many, the connection is not read for a while. */
  readonly turnAway: (connection: Held) => void;
  /** Stops watching the clock. */
  close(): void;
}

/** How often the clock is looked at, milliseconds. */
const tickMs = 20;

/** Turned away in a tick before connections are held: a thousand a second take a thirtieth of the process. */
const turnedAwayPerTick = 20;

/** Of the time that a request has: so much may pass before it begins, or it is better off elsewhere. */
const longestWait = 0.25;

/**
 * Bounds the work of all requests together, so that those who are let in are still answered in time when too many come.
 *
 * @throws DefinitionError when a bound is out of its range.
 */
export function createAdmission(
  {
    maxInFlight = 1_000, // at 4,000 a second these are a quarter of a second's work
    maxHeldBytes = 268_435_456, // 256 MiB: a quarter of a small container
    maxLagMs = 500, // longer than what a process that is just getting warm needs, shorter than people's patience
  }: AdmissionOptions = {},
  load?: TurnsOptions,
): Admission {
  for (const [key, value] of Object.entries({ maxInFlight, maxHeldBytes, maxLagMs })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new DefinitionError(`${key} is a whole number above 0`);
  }
  let inFlight = 0;
  let held = 0;
  /** How late the last two ticks were, at least: one stall alone is no overload. */
  let lagMs = 0;
  let lastLagMs = 0;
  let dueAt = now() + tickMs;
  let letIn = 0;
  const turns = createTurns(load);
  const hold = createHold(turnedAwayPerTick);
  const timer = setInterval(() => {
    const at = now();
    lagMs = Math.min(lastLagMs, at - dueAt);
    lastLagMs = at - dueAt;
    dueAt = at + tickMs;
    turns.tick();
    hold.tick(letIn);
    letIn = 0;
  }, tickMs);
  timer.unref();

  function admit(deadlineMs: number): Admitted | undefined {
    if (inFlight >= maxInFlight || turns.waiting() >= maxInFlight || held >= maxHeldBytes) return undefined;
    if (lagMs > maxLagMs || turns.expectedMs() > longestWait * deadlineMs) return undefined;
    inFlight += 1;
    letIn += 1;
    let own = 0;
    let isIn = true;
    return {
      hold(bytes) {
        if (!isIn || held + bytes > maxHeldBytes) return false;
        held += bytes;
        own += bytes;
        return true;
      },
      leave() {
        if (!isIn) return;
        isIn = false;
        inFlight -= 1;
        held -= own;
      },
    };
  }

  function close(): void {
    clearInterval(timer);
    hold.close();
  }

  return { admit, begin: turns.begin, connect: turns.connect, turnAway: hold.add, close };
}

/** Seconds for a Retry-After: spread, so that those who were turned away do not come back together. */
export const toRetryAfter = (): string => String(1 + Math.floor(Math.random() * 3));
