import { now } from '../engine/deadline.ts';

/** Counts of the recent past, as of the last `add`. */
export interface Window {
  /** Calls that ended within the window. */
  readonly calls: number;
  /** Those among them that ended badly. */
  readonly bad: number;
  /** Counts a call that ended now. */
  add(isBad: boolean): void;
  clear(): void;
}

/** What a window is cut into: it forgets a tenth of itself at a time. */
const slots = 10;

/** Counts calls over the last `windowMs` milliseconds, exact to a tenth of that. */
export function createWindow(windowMs: number): Window {
  const slotMs = windowMs / slots;
  const callsOf = new Uint32Array(slots);
  const badOf = new Uint32Array(slots);
  let lastTick = 0;
  // Plain fields, because they are read on every call.
  const window = { calls: 0, bad: 0, add, clear };

  function add(isBad: boolean): void {
    const slot = advance() % slots;
    callsOf[slot] = (callsOf[slot] ?? 0) + 1;
    window.calls += 1;
    if (!isBad) return;
    badOf[slot] = (badOf[slot] ?? 0) + 1;
    window.bad += 1;
  }

  /** Forgets the slots that time has come round to again. */
  function advance(): number {
    const tick = Math.floor(now() / slotMs);
    if (tick - lastTick >= slots) clear();
    else for (let passed = lastTick + 1; passed <= tick; passed += 1) forget(passed % slots);
    lastTick = tick;
    return tick;
  }

  function forget(slot: number): void {
    window.calls -= callsOf[slot] ?? 0;
    window.bad -= badOf[slot] ?? 0;
    callsOf[slot] = 0;
    badOf[slot] = 0;
  }

  function clear(): void {
    callsOf.fill(0);
    badOf.fill(0);
    window.calls = 0;
    window.bad = 0;
  }

  return window;
}
