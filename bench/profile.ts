import type { Profiler } from 'node:inspector/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a share of the CPU time went. */
export interface Cost {
  readonly place: string;
  /** Of all time that was neither idle nor spent on profiling, 0 to 1. */
  readonly share: number;
}

/** Self time by file and by function, highest first; what is below 0.5 % is left out. */
export function summarise(profile: Profiler.Profile): {
  readonly files: readonly Cost[];
  readonly functions: readonly Cost[];
} {
  const { nodes, samples = [], timeDeltas = [] } = profile;
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const files = new Map<string, number>();
  const functions = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const frame = byId.get(id);
    const micros = timeDeltas[index] ?? 0;
    if (!frame || frame.functionName === '(idle)' || frame.url === 'node:inspector') return;
    const file = toFile(frame);
    const place = frame.url ? `${frame.functionName || '(anonymous)'} ${file}:${frame.lineNumber + 1}` : file;
    total += micros;
    files.set(file, (files.get(file) ?? 0) + micros);
    functions.set(place, (functions.get(place) ?? 0) + micros);
  });
  return { files: toCosts(files, total), functions: toCosts(functions, total) };
}

function toFile({ url, functionName }: { readonly url: string; readonly functionName: string }): string {
  if (url.startsWith('file:')) return relative(process.cwd(), fileURLToPath(url));
  return url || functionName || '(native)';
}

const toCosts = (micros: ReadonlyMap<string, number>, total: number): readonly Cost[] =>
  [...micros]
    .map(([place, spent]) => ({ place, share: spent / total }))
    .filter(({ share }) => share >= 0.005)
    .toSorted((a, b) => b.share - a.share);
