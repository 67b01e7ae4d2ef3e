/**
 * Makes what has work done together with other work: when `schedule`, called with the first, says so, all that has come by then is done in
 * order, in one go. Work must not throw.
 */
export function createBatch(schedule: (doAll: () => void) => void): (work: () => void) => void {
  let waiting: (() => void)[] = [];

  function doAll(): void {
    const all = waiting;
    waiting = [];
    for (const work of all) work();
  }

  return (work) => {
    if (waiting.push(work) === 1) schedule(doAll);
  };
}
