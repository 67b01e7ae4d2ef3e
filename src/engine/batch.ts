/** Has work done together with other work. It must not throw. */
export type Together = (work: () => void) => void;

/** Makes one that does what has come in the meantime when `schedule`, called with the first, says so: in order, in one go. */
export function createBatch(schedule: (doAll: () => void) => void): Together {
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
