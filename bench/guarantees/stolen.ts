import { readFileSync } from 'node:fs';

/** What a virtual machine did not get of its cores although it had work for them. */
export interface Stolen {
  /** Of the core it was taken from most, milliseconds, to 10. */
  readonly mostMs: number;
  /** Of the time that passed. */
  readonly share: number;
}

/** Of more than this a measurement says something about the machine's neighbours, and is made again. */
const calmShare = 0.01;
/** How often something is measured until the machine is calm; the last one counts, whatever it was. */
const mostTries = 3;
/** A tick of `/proc/stat` (USER_HZ). */
const tickMs = 10;

/** Tells what was stolen since it was called; always nothing where the system does not count it. */
export function watchStolen(): () => Stolen {
  const before = readTicks();
  const since = performance.now();
  return () => {
    const mostMs = tickMs * Math.max(0, ...readTicks().map((ticks, core) => ticks - (before[core] ?? ticks)));
    return { mostMs, share: mostMs / (performance.now() - since) };
  };
}

/** Measures again while the machine is not calm, whatever came of it, an error too; tells how often it did. */
export async function inCalm<T>(measure: () => Promise<T>): Promise<{ readonly value: T; readonly again: number }> {
  for (let again = 0; ; again += 1) {
    const stolen = watchStolen();
    const isLast = () => stolen().share <= calmShare || again + 1 === mostTries;
    try {
      const value = await measure();
      if (isLast()) return { value, again };
    } catch (error) {
      if (isLast()) throw error;
    }
  }
}

/** The eighth figure of each core: proc_stat(5), steal. */
function readTicks(): readonly number[] {
  try {
    const lines = readFileSync('/proc/stat', 'utf8').match(/^cpu\d.*$/gm) ?? [];
    return lines.map((line) => Number(line.split(' ')[8] ?? 0));
  } catch {
    return []; // not Linux
  }
}
