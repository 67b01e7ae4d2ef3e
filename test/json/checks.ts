import { checkJson } from '../../src/json/check.ts';
import { checkInScript } from '../../src/json/check-script.ts';
import { createWasmCheck } from '../../src/json/check-wasm.ts';
import type { TextCheck } from '../../src/json/verdict.ts';
import { createWorkspace } from '../../src/json/workspace.ts';

/** The check in WebAssembly. Fails rather than testing the other one twice. */
export function openWasmCheck(): TextCheck {
  const workspace = createWorkspace();
  if (!workspace) throw new Error('no WebAssembly with vectors on this machine');
  return createWasmCheck(workspace);
}

/** The door and the two checks behind it, each as a whole. */
export const checks: readonly (readonly [name: string, check: TextCheck])[] = [
  ['checkJson', checkJson],
  ['the check in WebAssembly', openWasmCheck()],
  ['the check in JavaScript', checkInScript],
];
