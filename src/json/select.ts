import { type DocumentForm, toFormTable } from './form-table.ts';
import { type Text, toLength } from './text.ts';
import { defaultJsonLimits, type JsonLimits } from './verdict.ts';
import { openWorkspace } from './workspace.ts';

export type { DocumentForm } from './form-table.ts';

/**
 * Checks a document as `checkJson` does and its values against the types of a form, and writes the members that the form takes
 * of it: JSON text without braces. Undefined where that is not sure, and somebody has to check, parse and look.
 */
export type Select = (text: Text, limits?: JsonLimits) => Buffer | undefined;

/** Depth limits above this one are for others: the program calls itself for each level. */
const deepest = 1024;

/** Bytes of a text above which it is for others: three times as much has to fit in the addresses that JavaScript reads back. */
const longest = 2 ** 28;

/**
 * Compiles a selection. Numbers, strings and space stay as they are written. Not sure are: whatever does not match, a
 * document that is no JSON or beyond a limit, escaped keys, keys that come twice, numbers of more than 200 bytes or
 * with an exponent of three digits, integers with a fraction or an exponent, what new names make more than twice as long, and
 * everything without WebAssembly.
 */
export function compileSelect(form: DocumentForm): Select {
  const table = toFormTable(form);
  return (text, limits = defaultJsonLimits) => {
    const length = toLength(text);
    if (limits.depth > deepest || length > longest) return undefined;
    const tokens = Math.min(Math.max(0, limits.tokens), length);
    const room = 2 * length + 1024;
    const placed = openWorkspace()?.place(text, length, room + table.length);
    if (!placed?.isUtf8) return undefined;
    const { program, memory, start } = placed;
    const tableStart = start - table.length;
    const out = tableStart - room;
    memory.set(table, tableStart);
    const written = program.select(start, length, tableStart, out, room, Math.max(0, limits.depth), tokens);
    return written < 0 ? undefined : Buffer.from(memory.subarray(out, out + written));
  };
}
