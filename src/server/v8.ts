import { readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { constants, getPriority, setPriority } from 'node:os';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Tells V8 what it takes wrongly in a server. For a process of one's own: it holds for everything in it. */
export function tuneV8(): void {
  tuneHeap();
  if (process.platform === 'linux') letEventLoopGoFirst();
}

/**
 * Not to make objects old from birth. While a server gets warm, whatever is in flight lives long, and V8 concludes that its kind always
 * does: from then on every finished request is held by an old object until a full collection, and young collections copy them all, 20 ms
 * and more at a time instead of 2 (docs/performance.md).
 *
 * To leave old objects room to grow, to four times what is alive, and to begin a full collection beside the work when half of that room is
 * taken. V8's own limit is some quarter above what is alive, and buffers count against it: what was to begin at 80 % of the way began, in
 * the first half minute, when nothing was left of it, and stopped everything for 31 to 48 ms in place of 16 at most (docs/decisions/overload.md).
 *
 * To keep a page of young objects where it is, as a page of old ones, when a tenth of it is alive in a full collection, not 70 %. Copying what
 * is alive was the longest part of the time in which a full collection stops everything: 6 ms of 12 without this, 4.5 of 9
 * with it (docs/decisions/overload.md). And to sweep where room is needed, not in threads of their own: they were woken at the end of that time,
 * and where they share a core with the event loop, it waited for them now and then, for another 3 to 6 ms.
 *
 * To collect garbage in a quiet moment as at any other time. What V8 does then to save memory lets go of shapes of which no object is left just
 * now, and with them of the compiled code for requests: whoever came next paid for it with a second at 1.3 times the CPU time (docs/performance.md).
 */
function tuneHeap(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--heap-growing-percent=300');
  setFlagsFromString('--incremental-marking-soft-trigger=50');
  setFlagsFromString('--incremental-marking-hard-trigger=95');
  setFlagsFromString('--page-promotion-threshold=10');
  setFlagsFromString('--no-concurrent-sweeping');
  setFlagsFromString('--no-memory-reducer-favors-memory');
}

/** By how much buffers may grow between young collections, bytes: V8 begins a full one at 64 MiB, and with 32 a merge of small answers got dearer. */
const mostGrownBytes = 48 * 1_024 * 1_024;
/** How often they are counted: that takes 0.2 to 0.5 microseconds. */
const requestsPerCount = 4;

/**
 * Has young garbage collected when the buffers of a server's answers have grown. For 64 MiB of buffers alone V8 begins a full collection, and
 * answers of 200 KB fill them within 60 ms, 4 MB of objects meanwhile: it took half of the time, and nearly all of them are
 * garbage that a young collection finds (docs/performance.md). For a process of one's own, like `tuneV8`.
 */
export function collectInTime(server: Server): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void; // what the flag defines
  let requests = 0;
  let leastBytes = Number.POSITIVE_INFINITY;

  server.on('request', () => {
    requests += 1;
    if (requests % requestsPerCount !== 0) return;
    const bytes = getHeapStatistics().external_memory;
    leastBytes = Math.min(leastBytes, bytes);
    if (bytes - leastBytes < mostGrownBytes) return;
    collect({ type: 'minor' });
    // V8 frees them in the background: what is least comes after.
    leastBytes = bytes;
  });
}

/** Where Linux lists the threads of this process, each with its name. */
const tasks = '/proc/self/task';
/** A weight of 110 where the event loop has 1,024 (sched(7)): beside all four on one core it gets 70 %, not a fifth. */
const nicer = 10;

/**
 * Lets the event loop go first where V8's collectors and compilers share a core with it, as in a small container: a turn of 8 ms was seen
 * to take 36 (docs/decisions/overload.md). Only Linux gives each thread a priority of its own (setpriority(2)); where a
 * system hides them, nothing changes.
 */
function letEventLoopGoFirst(): void {
  try {
    const priority = Math.min(getPriority() + nicer, constants.priority.PRIORITY_LOW);
    for (const id of readdirSync(tasks)) {
      if (readFileSync(`${tasks}/${id}/comm`, 'utf8').trim() === 'V8Worker') setPriority(Number(id), priority);
    }
  } catch {
    // A sandbox may forbid it. It runs as well without.
  }
}
