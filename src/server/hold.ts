import Denque from 'denque';

/** A connection, as far as it is held here. */
export interface Held {
  readonly destroyed: boolean;
  pause(): unknown;
  resume(): unknown;
}

/** Keeps those who were turned away from coming back at once. */
export interface Hold {
  /** A request of this connection was turned away. */
  add(connection: Held): void;
  /** A tick is over, in which so many requests were let in. */
  tick(letIn: number): void;
  /** Everybody goes on. */
  close(): void;
}

/** Of those who may go on after a tick, in each turn of the event loop: a turn reads all that they have sent, and whoever comes waits for it. */
const shareOfTurn = 0.25;

/**
 * Turning requests away costs as well, and clients that do not mind Retry-After come back the sooner the sooner they are
 * turned away: without a bound the process would do nothing else. So beyond `perTick` of them in a tick, connections are not
 * read any more, first come, first served: for each tick as many go on as were let in, and `perTick` more, a quarter of them in each turn of
 * the event loop. What such a client has sent waits in the system's buffers.
 */
export function createHold(perTick: number): Hold {
  const held = new Denque<Held>();
  let turnedAway = 0;
  /** How many may go on in the turns to come, of the last tick. */
  let due = 0;
  let mostInTurn = 0;
  let isTurning = false;

  function release(count: number): void {
    for (let i = Math.min(count, held.length); i > 0; i -= 1) {
      const connection = held.shift();
      if (connection?.destroyed === false) connection.resume();
    }
  }

  function turn(): void {
    isTurning = due > 0 && held.length > 0;
    if (!isTurning) return;
    release(Math.min(due, mostInTurn));
    due = Math.max(0, due - mostInTurn);
    setImmediate(turn);
  }

  return {
    add(connection) {
      turnedAway += 1;
      if (turnedAway <= perTick) return;
      connection.pause();
      held.push(connection);
    },
    tick(letIn) {
      turnedAway = 0;
      due = letIn + perTick;
      mostInTurn = Math.ceil(due * shareOfTurn);
      if (!isTurning) turn();
    },
    close: () => release(held.length),
  };
}
