import { checkInScript } from './check-script.ts';
import { type TextCheck, toVerdict } from './verdict.ts';
import type { Workspace } from './workspace.ts';

/** The check in WebAssembly. A text for which there is no memory is checked in JavaScript. */
export const createWasmCheck =
  (workspace: Workspace): TextCheck =>
  (bytes, limits) => {
    const { length } = bytes;
    // No document is deeper, or has more tokens, than it has bytes.
    const depth = Math.min(Math.max(0, limits.depth), length);
    const tokens = Math.min(Math.max(0, limits.tokens), length);
    const placed = workspace.place(bytes, depth);
    return placed ? toVerdict(placed.program.check(length, depth, tokens)) : checkInScript(bytes, limits);
  };
