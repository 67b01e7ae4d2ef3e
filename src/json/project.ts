import { checkJson } from './check.ts';
import { type Shape, toShapeTable } from './shape-table.ts';
import { type Text, toLength } from './text.ts';
import { defaultJsonLimits, type JsonLimits, type JsonVerdict, toVerdict } from './verdict.ts';
import { openWorkspace } from './workspace.ts';

export type { Shape } from './shape-table.ts';

/** What the projection of a document came to. */
export interface Projected {
  readonly verdict: JsonVerdict;
  /** The document's text without the fields that were dropped; absent where none was, and where it is not `ok`. */
  readonly text?: string;
}

/** Checks a document as `checkJson` does, and drops fields from its text on the same way. Never changes its argument. */
export type Projection = (text: Text, limits?: JsonLimits) => Projected;

/** Bytes of the stack for each open container: `frameSize` in wasm/assembly/check.ts. */
const frameSize = 16;

/** Depth limits above this one have documents checked only: the stack has room for all that a limit allows. */
const deepest = 1024;

/**
 * Compiles the removal of fields that the shape does not name. What it leaves, `JSON.parse` reads as it would have read it in
 * the whole. It drops what it can: nothing without WebAssembly, and no field whose key is written with an escape.
 */
export function compileProjection(shape: Shape): Projection {
  const table = toShapeTable(shape);
  return (text, limits = defaultJsonLimits) => {
    const length = toLength(text);
    // No document is deeper, or has more tokens, than it has bytes.
    const depth = Math.min(Math.max(0, limits.depth), length);
    const tokens = Math.min(Math.max(0, limits.tokens), length);
    const front = (depth + 1) * frameSize + table.length;
    const placed = depth > deepest ? undefined : openWorkspace()?.place(text, length, front);
    if (!placed) return { verdict: checkJson(text, limits) };
    if (!placed.isUtf8) return { verdict: 'not_utf8' };
    const { program, memory, start } = placed;
    const tableStart = start - table.length;
    memory.set(table, tableStart);
    const left = program.project(start, length, tableStart, depth, tokens);
    if (left <= 0) return { verdict: toVerdict(-left) };
    if (left === length) return { verdict: 'ok' };
    return { verdict: 'ok', text: memory.toString('utf8', start, start + left) };
  };
}
