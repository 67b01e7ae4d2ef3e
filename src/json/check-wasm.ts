import { checkInScript } from './check-script.ts';
import type { JsonVerdict, TextCheck } from './verdict.ts';
import { moduleBase64 } from './wasm-module.ts';

/** The exports of wasm/assembly/index.ts. */
interface Checker {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(length: number, depth: number): number;
  check(length: number, depth: number, tokens: number): number;
}

/** The part of WebAssembly that is used here; the types of Node have none of it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Checker };
};

/** In the order of the codes in wasm/assembly/check.ts. */
const verdicts: readonly JsonVerdict[] = ['ok', 'not_json', 'lone_surrogate', 'too_deep', 'too_many_tokens'];

/** Memory that stays for good, in bytes. WebAssembly memory cannot shrink: a larger one can only be given up whole. */
const keptMemory = 2 ** 20;

/** Checks in a row without use for a larger memory before it is given up. A new one costs more than many checks. */
const patience = 1000;

/** Texts of this size, in bytes, and above are not copied: text and stack have to fit in the 4 GiB of an address. */
const longestText = 2 ** 30;

const noBytes = new Uint8Array(0);

/**
 * Compiles the checker; undefined where the platform has no WebAssembly or no vectors in it. A check copies the text, so it
 * takes the memory of the longest one, at most twice that where the depth limit is as large, and at least a page of 64 KiB.
 */
export function createWasmCheck(): TextCheck | undefined {
  const module = compile();
  if (!module) return undefined;
  let checker: Checker | undefined;
  let memory = noBytes;
  let unused = 0;

  /** Gives up a memory that was needed once, and then no more. */
  function trim(used: number): void {
    if (memory.length <= keptMemory) return;
    unused = used > keptMemory ? 0 : unused + 1;
    if (unused < patience) return;
    checker = undefined;
    memory = noBytes;
    unused = 0;
  }

  return (bytes, limits) => {
    const { length } = bytes;
    checker ??= instantiate(module);
    // No document is deeper, or has more tokens, than it has bytes.
    const depth = Math.min(Math.max(0, limits.depth), length);
    const tokens = Math.min(Math.max(0, limits.tokens), length);
    const start = checker && length < longestText ? checker.reserve(length, depth) : 0;
    if (!checker || start === 0) return checkInScript(bytes, limits);
    // A memory that grew has a new buffer, and the old one has lost its bytes.
    if (memory.length === 0) memory = new Uint8Array(checker.memory.buffer);
    memory.set(bytes, start);
    const verdict = verdicts[checker.check(length, depth, tokens)];
    trim(start + length);
    return verdict ?? 'not_json';
  };
}

function compile(): object | undefined {
  try {
    return new WebAssembly.Module(Buffer.from(moduleBase64, 'base64'));
  } catch {
    return undefined;
  }
}

/** Undefined where there is no room for another memory. */
function instantiate(module: object): Checker | undefined {
  try {
    return new WebAssembly.Instance(module).exports;
  } catch {
    return undefined;
  }
}
