import { checkInScript } from './check-script.ts';
import { toLength } from './text.ts';
import { type TextCheck, toVerdict } from './verdict.ts';
import type { Workspace } from './workspace.ts';

/** The check in WebAssembly. A text for which there is no memory is checked in JavaScript. */
export const createWasmCheck =
  (workspace: Workspace): TextCheck =>
  (text, limits) => {
    const length = toLength(text);
    // No document is deeper, or has more tokens, than it has bytes.
    const depth = Math.min(Math.max(0, limits.depth), length);
    const tokens = Math.min(Math.max(0, limits.tokens), length);
    const placed = workspace.place(text, length, depth);
    if (!placed) return checkInScript(text, limits);
    return placed.isUtf8 ? toVerdict(placed.program.check(length, depth, tokens)) : 'not_utf8';
  };
