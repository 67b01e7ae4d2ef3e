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
