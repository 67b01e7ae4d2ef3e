import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8 two things that it takes wrongly here. For a process of one's own: it holds for everything in it.
 *
 * Not to make objects old from birth. While a server gets warm, whatever is in flight lives long, and V8 concludes that its kind always
 * does: from then on every finished request is held by an old object until a full collection, and young collections copy them all, 20 ms
 * and more at a time instead of 2 (docs/performance.md).
 *
 * Not to begin a full collection until the old objects have come most of the way to V8's own limit. By default it was seen to begin at
 * a third of it, several times within two seconds (docs/decisions/overload.md).
 */
export function tuneHeap(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--incremental-marking-soft-trigger=80');
  setFlagsFromString('--incremental-marking-hard-trigger=95');
}
