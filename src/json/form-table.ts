import { createParts } from './parts.ts';

/** A type of JSON values. */
type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'object' | 'array';

/** What of a document is checked and what is written of it: any value, or values of these types. */
export type Form =
  | 'any'
  | {
      readonly types: readonly JsonType[];
      /** Of an object, 64 at most, with names that are written without escapes. Others are dropped. */
      readonly fields?: Readonly<Record<string, FormField>>;
      /** Of an array. */
      readonly items?: Form;
    };

/** A field of an object: whether it must be there, and whether it is written, or its own fields in its place. */
export interface FormField {
  readonly form: Form;
  readonly isRequired: boolean;
  readonly place: 'dropped' | 'hoisted' | { readonly as: string };
}

/** The form of a whole document. */
export interface DocumentForm {
  readonly form: Form;
  readonly place: 'hoisted' | { readonly as: string };
}

// In wasm/assembly/form.ts the same, by the same names.
const typeBits = { string: 1, number: 2, integer: 4, boolean: 8, null: 16, object: 32, array: 64 } as const;
const actions = { dropped: 0, kept: 1, renamed: 2, hoisted: 3 } as const;
const nodeSize = 24;
const headSize = 16;

/** A form as wasm/assembly/form.ts reads it: the node of any value, the document as a field without a key, the other nodes. */
export function toFormTable({ form, place }: DocumentForm): Buffer {
  const { add, join } = createParts();

  function addNode(node: Form): number {
    if (node === 'any') return 0;
    const fields = Object.entries(node.fields ?? {}).map(([name, field], bit) => ({
      ...field,
      record: toRecord(Buffer.from(`${name}"`), field.place, name, bit),
      keyBytes: Buffer.byteLength(name) + 1,
      required: field.isRequired ? 1n << BigInt(bit) : 0n,
    }));
    const head = Buffer.alloc(nodeSize);
    head.writeUInt8(node.types.reduce((bits, type) => bits | typeBits[type], 0));
    head.writeBigUInt64LE(
      fields.reduce((bits, { required }) => bits | required, 0n),
      8,
    );
    // A bit for each length of key that there is; the last one for all longer ones.
    head.writeUInt32LE(
      fields.reduce((bits, { keyBytes }) => (bits | (1 << Math.min(31, keyBytes))) >>> 0, 0),
      16,
    );
    const offset = add(head);
    for (const { record } of fields) add(record);
    // A field without a key is the last.
    add(Buffer.alloc(headSize));
    for (const field of fields) field.record.writeUInt32LE(addNode(field.form));
    if (node.items) head.writeUInt32LE(addNode(node.items), 4);
    return offset;
  }

  add(Buffer.alloc(nodeSize));
  const document = toRecord(Buffer.alloc(0), place, undefined, 0);
  add(document);
  document.writeUInt32LE(addNode(form));
  return join();
}

/** A field; its node's offset comes later. */
function toRecord(key: Buffer, place: FormField['place'], name: string | undefined, bit: number): Buffer {
  const isNamed = typeof place === 'object';
  const action = isNamed ? (place.as === name ? 'kept' : 'renamed') : place;
  const newName = Buffer.from(isNamed && action === 'renamed' ? `${JSON.stringify(place.as)}:` : '');
  const keySize = toVectors(key);
  const record = Buffer.alloc(headSize + keySize + toVectors(newName));
  record.writeUInt32LE(key.length, 4);
  record.writeUInt8(actions[action], 8);
  record.writeUInt8(bit, 9);
  record.writeUInt16LE(newName.length, 10);
  record.writeUInt32LE(record.length, 12);
  record.set(key, headSize);
  record.set(newName, headSize + keySize);
  return record;
}

/** Bytes in whole vectors. */
const toVectors = ({ length }: Buffer): number => Math.ceil(length / 16) * 16;
