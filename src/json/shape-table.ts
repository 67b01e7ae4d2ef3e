import { createParts } from './parts.ts';

/** What of a document is kept: anything, an object's fields, with or without those it does not name, or a list's items. */
export type Shape =
  | 'any'
  | { readonly fields: Readonly<Record<string, Shape>>; readonly isOpen: boolean }
  | { readonly items: Shape };

const anyOffset = 0;
const nodeSize = 16;
const headSize = 8;

/** A shape as wasm/assembly/project.ts reads it: the node of any value, that of a list around the text, and the shape's. */
export function toShapeTable(shape: Shape): Buffer {
  const { add, join } = createParts();

  function addNode(node: Shape): number {
    if (node === 'any') return anyOffset;
    if ('items' in node) return addList(node.items, '[');
    const names = Object.keys(node.fields).filter(isPlain);
    const fields = names.map(toField);
    const head = Buffer.alloc(headSize);
    head.write('{');
    head.writeUInt8(node.isOpen ? 1 : 0, 1);
    head.writeUInt32LE(toLengths(fields), 4);
    const offset = add(head);
    for (const field of fields) add(field);
    // A field without a key is the last.
    add(Buffer.alloc(headSize));
    names.forEach((name, i) => fields[i]?.writeUInt32LE(addNode(node.fields[name] ?? 'any')));
    return offset;
  }

  function addList(items: Shape, bracket: string): number {
    const node = Buffer.alloc(nodeSize);
    node.write(bracket);
    const offset = add(node);
    node.writeUInt32LE(addNode(items), 4);
    return offset;
  }

  add(Buffer.alloc(nodeSize));
  addList(shape, '');
  return join();
}

/** Other names are written with escapes, and the fields of such keys are kept without a look at them. */
const isPlain = (name: string): boolean => JSON.stringify(name) === `"${name}"`;

/** The name with its closing quote, in whole vectors; its node's offset comes later. */
function toField(name: string): Buffer {
  const key = Buffer.from(`${name}"`);
  const field = Buffer.alloc(headSize + Math.ceil(key.length / 16) * 16);
  field.writeUInt32LE(key.length, 4);
  field.set(key, headSize);
  return field;
}

/** A bit for each length of key that there is; the last one for all longer ones. */
const toLengths = (fields: readonly Buffer[]): number =>
  fields.reduce((bits, field) => (bits | (1 << Math.min(31, field.readUInt32LE(4)))) >>> 0, 0);
