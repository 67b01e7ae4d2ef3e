import { now } from '../engine/deadline.ts';

/** What a pile of tickets holds, and how they come back. */
export interface TicketOptions {
  /** Tickets in all. */
  readonly count: number;
  /** So many calls bring one ticket back. */
  readonly callsPerTicket: number;
  /** A ticket comes back by itself after so many milliseconds. */
  readonly returnMs: number;
}

/** Leave for something extra, bounded by what there is of the usual. */
export interface Tickets {
  /** Counts one call. */
  countCall(): void;
  /** Takes a ticket; false when none is left. */
  take(): boolean;
  /** Tickets that can be taken now. */
  left(): number;
}

/**
 * A pile of tickets. A ticket taken comes back after `returnMs`, or sooner: every `callsPerTicket` calls bring back the
 * oldest. Calls while the pile is full are not saved up, so in any stretch of `returnMs` with n calls, whatever came
 * before, at most `count + n / callsPerTicket` tickets are taken.
 */
export function createTickets({ count, callsPerTicket, returnMs }: TicketOptions): Tickets {
  /** When each missing ticket was taken, oldest first. */
  const takenAt: number[] = [];
  /** Calls since the oldest missing ticket became the oldest. */
  let calls = 0;

  function countCall(): void {
    if (takenAt.length === 0) return;
    calls += 1;
    if (calls < callsPerTicket) return;
    giveBackOldest();
  }

  function giveBackOldest(): void {
    takenAt.shift();
    // What was counted, was counted for that one.
    calls = 0;
  }

  function left(): number {
    const dueAt = now() - returnMs;
    while (takenAt[0] !== undefined && takenAt[0] <= dueAt) giveBackOldest();
    return count - takenAt.length;
  }

  function take(): boolean {
    if (left() === 0) return false;
    takenAt.push(now());
    return true;
  }

  return { countCall, take, left };
}
