import { now } from '../engine/deadline.ts';

/** When an address is left out, and for how long. */
export interface BalancerOptions {
  /** Failures in a row after which it is ejected. */
  readonly failuresInRow?: number;
  /** Milliseconds it stays ejected; doubled each time it comes back no better. */
  readonly ejectMs?: number;
  /** The longest it stays ejected, milliseconds. */
  readonly maxEjectMs?: number;
}

/** Chooses among the addresses of one upstream, by index. Starts no timers: it looks at the clock when it is asked. */
export interface Balancer {
  /** The next address in turn that is not ejected; not the one to avoid, where there is another. */
  pick(avoid?: number): number;
  /** Tells how an attempt at the address ended. */
  report(index: number, isGood: boolean): void;
}

interface Address {
  failures: number;
  /** Times it was ejected since its last good answer. */
  ejections: number;
  ejectedUntil: number;
}

/**
 * Round robin over so many addresses, at least one. One that fails several times in a row is ejected for a while; never
 * more than half of them, because then it is not the addresses that are at fault, and the rest could not bear it.
 */
export function createBalancer(
  count: number,
  {
    failuresInRow = 5, // as many as open a circuit
    ejectMs = 30_000, // a replaced instance is back by then
    maxEjectMs = 300_000, // the longest that a recovered address goes unused
  }: BalancerOptions = {},
): Balancer {
  const addresses = Array.from({ length: count }, (): Address => ({ failures: 0, ejections: 0, ejectedUntil: 0 }));
  let last = -1;

  function pick(avoid?: number): number {
    for (let step = 1; step <= count; step += 1) {
      const index = (last + step) % count;
      if (index === avoid || isEjected(addresses[index])) continue;
      last = index;
      return index;
    }
    // Half of them at least are never ejected, so the only one left is the one to avoid.
    return avoid ?? 0;
  }

  function report(index: number, isGood: boolean): void {
    const address = addresses[index];
    // What was under way when it was ejected says nothing new.
    if (!address || isEjected(address)) return;
    address.failures = isGood ? 0 : address.failures + 1;
    if (isGood) address.ejections = 0;
    if (address.failures >= failuresInRow && canEject()) eject(address);
  }

  const canEject = () => addresses.filter(isEjected).length + 1 <= count / 2;

  function eject(address: Address): void {
    address.ejectedUntil = now() + Math.min(maxEjectMs, ejectMs * 2 ** address.ejections);
    address.ejections += 1;
    address.failures = 0;
  }

  return { pick, report };
}

const isEjected = (address: Address | undefined): boolean => address !== undefined && address.ejectedUntil > now();
