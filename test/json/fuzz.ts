import fc from 'fast-check';
import { expect } from 'vitest';
import { checkJson } from '../../src/json/check.ts';
import { checkInScript } from '../../src/json/check-script.ts';
import { openWasmCheck } from './checks.ts';
import { documents, limits, toPieces } from './documents.ts';
import { rightVerdicts, unlimited } from './oracle.ts';

const checkInWasm = openWasmCheck();

/** Holds both checks against each other and against `JSON.parse`, on `runs` documents. Returns how often each verdict came. */
export function fuzz(runs: number, seed?: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  fc.assert(
    fc.property(documents, limits, (bytes, limited) => {
      for (const bounds of [unlimited, limited]) {
        const verdict = checkJson(bytes, bounds);
        expect(rightVerdicts(bytes, bounds)).toContain(verdict);
        for (const text of [bytes, toPieces(bytes)]) {
          expect(checkInWasm(text, bounds)).toBe(verdict);
          expect(checkInScript(text, bounds)).toBe(verdict);
        }
        counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
      }
    }),
    { numRuns: runs, ...(seed !== undefined && { seed }) },
  );
  return counts;
}
