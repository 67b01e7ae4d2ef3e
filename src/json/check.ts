import { checkInScript } from './check-script.ts';
import { createWasmCheck } from './check-wasm.ts';
import type { Text } from './text.ts';
import { defaultJsonLimits, type JsonLimits, type JsonVerdict, type TextCheck } from './verdict.ts';
import { openWorkspace } from './workspace.ts';

export type { JsonLimits, JsonVerdict } from './verdict.ts';

let checkText: TextCheck | undefined;

/**
 * Whether the bytes are exactly one JSON document (RFC 8259) in valid UTF-8 and within the limits, by default a depth of 64
 * and 200,000 tokens. Agrees with `JSON.parse` on every document and builds nothing. A byte order mark is not JSON.
 */
export const checkJson = (text: Text, limits: JsonLimits = defaultJsonLimits): JsonVerdict => {
  checkText ??= chooseCheck();
  return checkText(text, limits);
};

function chooseCheck(): TextCheck {
  const workspace = openWorkspace();
  return workspace ? createWasmCheck(workspace) : checkInScript;
}
