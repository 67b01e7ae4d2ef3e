import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8 not to make objects old from birth. While a server gets warm, whatever is in flight lives long, and V8 concludes
 * that its kind always does: from then on every finished request is held by an old object until a full collection, and young
 * collections copy them all, 20 ms and more at a time instead of 2 (docs/performance.md). For a process of one's own: it holds
 * for everything in it.
 */
export function keepYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
