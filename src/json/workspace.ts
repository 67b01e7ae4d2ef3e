import { isUtf8 } from 'node:buffer';
import { isWhole, type Text } from './text.ts';
import { moduleBase64 } from './wasm-module.ts';

/** The exports of wasm/assembly/index.ts. */
export interface Program {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(length: number, front: number): number;
  check(length: number, depth: number, tokens: number): number;
  project(start: number, length: number, table: number, depth: number, tokens: number): number;
  select(
    start: number,
    length: number,
    table: number,
    out: number,
    room: number,
    depth: number,
    tokens: number,
  ): number;
}

/** A text in WebAssembly memory, until the next one is placed. */
export interface Placed {
  readonly program: Program;
  readonly memory: Buffer;
  /** The address of the first byte. */
  readonly start: number;
  readonly isUtf8: boolean;
}

/** An instance of the program, and its memory, for one text after the other. */
export interface Workspace {
  /** Copies a text of so many bytes in, with as much room in front of it as is said; undefined where there is no memory for it. */
  place(text: Text, length: number, front: number): Placed | undefined;
}

/** The part of WebAssembly that is used here; the types of Node have none of it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Program };
};

/** Memory that stays for good, in bytes. WebAssembly memory cannot shrink: a larger one can only be given up whole. */
const keptMemory = 2 ** 20;

/** Texts in a row without use for a larger memory before it is given up. A new one costs more than many checks. */
const patience = 1000;

/** Texts of this size, in bytes, and above are not copied: text and stack have to fit in the 4 GiB of an address. */
const longestText = 2 ** 30;

const noBytes = Buffer.alloc(0);

/**
 * Compiles the program; undefined where the platform has no WebAssembly or no vectors in it. It takes the memory of the
 * longest text with the room in front of it, and at least a page of 64 KiB.
 */
export function createWorkspace(): Workspace | undefined {
  const module = compile();
  if (!module) return undefined;
  let program: Program | undefined;
  let memory = noBytes;
  let unused = 0;

  /** Gives up a memory that was needed once, and then no more. */
  function trim(needed: number): void {
    if (memory.length <= keptMemory) return;
    unused = needed > keptMemory ? 0 : unused + 1;
    if (unused <= patience) return;
    program = undefined;
    memory = noBytes;
    unused = 0;
  }

  return {
    place(text, length, front) {
      trim(front + length);
      program ??= instantiate(module);
      const start = program && length < longestText ? program.reserve(length, front) : 0;
      if (!program || start === 0) return undefined;
      // A memory that grew has a new buffer, and the old one has lost its bytes.
      if (memory.length === 0) memory = Buffer.from(program.memory.buffer);
      if (isWhole(text)) {
        memory.set(text, start);
        return { program, memory, start, isUtf8: isUtf8(text) };
      }
      let at = start;
      for (const piece of text) {
        memory.set(piece, at);
        at += piece.length;
      }
      return { program, memory, start, isUtf8: isUtf8(memory.subarray(start, at)) };
    },
  };
}

let shared: { readonly workspace: Workspace | undefined } | undefined;

/** The workspace of this thread, compiled on first use, so that importing this compiles nothing. */
export function openWorkspace(): Workspace | undefined {
  shared ??= { workspace: createWorkspace() };
  return shared.workspace;
}

function compile(): object | undefined {
  try {
    return new WebAssembly.Module(Buffer.from(moduleBase64, 'base64'));
  } catch {
    return undefined;
  }
}

/** Undefined where there is no room for another memory. */
function instantiate(module: object): Program | undefined {
  try {
    return new WebAssembly.Instance(module).exports;
  } catch {
    return undefined;
  }
}
