import type { Inspectable } from '../engine/call.ts';
import { now } from '../engine/deadline.ts';
import { isCharged } from '../engine/failure.ts';
import type { Outcome } from '../engine/outcome.ts';
import { createWindow } from './window.ts';

/** Closed lets calls through, open refuses them, half-open lets a few through to see. */
export type CircuitState = 'closed' | 'open' | 'half_open';

/** When a circuit opens, and for how long. */
export interface CircuitOptions {
  /** Milliseconds in which calls and failures are counted. */
  readonly windowMs: number;
  /** Calls in the window below which their failures say nothing. */
  readonly minCalls: number;
  /** Share of charged failures in the window that opens it. */
  readonly failureShare: number;
  /** Calls in a row that found nobody there: opens it, however few calls there are. */
  readonly unreachableInRow: number;
  /** Milliseconds it stays open, +- 20 %; doubled each time the upstream has not recovered. */
  readonly openMs: number;
  /** The longest it stays open, milliseconds, +- 20 %. */
  readonly maxOpenMs: number;
  /** Calls that a half-open circuit lets through, and that have to succeed. */
  readonly probes: number;
}

/** Leave to try a half-open circuit. It is lost at its deadline. */
export interface Probe {
  readonly deadlineAt: number;
}

/** The state machine of a breaker. Starts no timers: it looks at the clock when it is asked. */
export interface Circuit extends Inspectable {
  readonly state: CircuitState;
  /** Counts how a call ended that a closed circuit let through. */
  record(outcome: Outcome<unknown>): void;
  /** Whether a circuit that is not closed lets this call through; the call ends with `end`, or at its deadline. */
  admit(deadlineAt: number): Probe | undefined;
  /** Counts how a probe ended. */
  end(probe: Probe, outcome: Outcome<unknown>): void;
}

/** Tells what happened: `breaker_opened`, `breaker_half_open`, `breaker_closed`. */
export type CircuitListener = (type: string, facts?: Readonly<Record<string, string | number>>) => void;

/** A closed circuit. */
export function createCircuit(options: CircuitOptions, tell: CircuitListener): Circuit {
  const { minCalls, failureShare, unreachableInRow } = options;
  const window = createWindow(options.windowMs);
  let unreachable = 0;
  /** Times it has opened since it was closed. */
  let openings = 0;
  let openUntil = 0;
  let probes: Probe[] = [];
  let successes = 0;
  // A plain field, because it is read on every call.
  const circuit: Circuit & { state: CircuitState } = { state: 'closed', record, admit, end, snapshot };

  function record(outcome: Outcome<unknown>): void {
    // What was sent before it opened says nothing new.
    if (circuit.state !== 'closed') return;
    const isBad = isBadNews(outcome);
    if (isAnswer(outcome)) unreachable = 0;
    if (outcome.status === 'ok' || isBad) window.add(isBad);
    if (isUnreachable(outcome)) unreachable += 1;
    if (unreachable >= unreachableInRow) open('unreachable');
    else if (window.calls >= minCalls && window.bad >= failureShare * window.calls) open('failures');
  }

  function open(why: string): void {
    const mostMs = Math.min(options.maxOpenMs, options.openMs * 2 ** openings);
    // Many replicas open together; they should not all come back together.
    const openMs = mostMs * (0.8 + 0.4 * Math.random());
    openings += 1;
    openUntil = now() + openMs;
    circuit.state = 'open';
    tell('breaker_opened', { why, openMs: Math.round(openMs), calls: window.calls, failures: window.bad });
    window.clear();
    unreachable = 0;
  }

  function admit(deadlineAt: number): Probe | undefined {
    if (circuit.state === 'open' && now() >= openUntil) halfOpen();
    if (circuit.state !== 'half_open') return undefined;
    if (probes.some((probe) => probe.deadlineAt <= now())) {
      open('probe_expired');
      return undefined;
    }
    if (probes.length + successes >= options.probes) return undefined;
    const probe = { deadlineAt };
    probes.push(probe);
    return probe;
  }

  function halfOpen(): void {
    circuit.state = 'half_open';
    probes = [];
    successes = 0;
    tell('breaker_half_open');
  }

  function end(probe: Probe, outcome: Outcome<unknown>): void {
    const index = probes.indexOf(probe);
    // One of an earlier time.
    if (circuit.state !== 'half_open' || index < 0) return;
    probes.splice(index, 1);
    if (isBadNews(outcome)) return open('probe_failed');
    if (isAnswer(outcome)) successes += 1;
    if (successes >= options.probes) close();
  }

  function close(): void {
    circuit.state = 'closed';
    openings = 0;
    tell('breaker_closed');
  }

  function snapshot() {
    return { circuit: circuit.state };
  }

  return circuit;
}

const isBadNews = (outcome: Outcome<unknown>): boolean => outcome.status === 'failed' && isCharged(outcome.failure);

const isUnreachable = (outcome: Outcome<unknown>): boolean =>
  outcome.status === 'failed' && outcome.failure.code === 'unreachable';

/** Whether the upstream itself said something, if only no. */
const isAnswer = (outcome: Outcome<unknown>): boolean =>
  outcome.status === 'ok' || outcome.failure.status !== undefined;
