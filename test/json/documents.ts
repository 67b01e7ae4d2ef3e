import fc from 'fast-check';

/** One change to a document. `at` says where, as a part of its length. */
type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'replace' | 'insert'; readonly at: number; readonly byte: number }
  | { readonly kind: 'delete' | 'cut'; readonly at: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number };

/** Pieces that make up JSON and what is nearly JSON. */
const pieces = [
  ['{', '}', '[', ']', ',', ':', '"', '\\', ' ', '\n', '\t', '\r', '-', '+', '.', 'e', 'E', '0', '1', '9'],
  ['true', 'false', 'null', 'nul', '""', '"a"', '"a":', '{}', '[]', '[{"', '\\"', '\\\\', '\\n', '\\u', '\\u00'],
  ['\\ud83d', '\\ude00', '\\ud83d\\ude00', '\\uDFFF', '\\ud800"', '0.5', '-0', '1e5', 'é', '日', '😀', '\ufeff'],
  ['\u0000', '\u001f', '\u007f', '\u2028', 'xxxxxxxxxxxxxxxx', '                '],
].flat();

const byte = fc.oneof(
  fc.constantFrom(...Buffer.from('"\\{}[],: \n0-.eEtfnu/\u0000\u001f\u007f')),
  fc.constantFrom(0x80, 0xbf, 0xc0, 0xc3, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf8, 0xff),
  fc.integer({ min: 0, max: 255 }),
);

const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ kind: fc.constantFrom('replace' as const, 'insert' as const), at, byte }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'cut' as const), at }),
  fc.record({ kind: fc.constant('repeat' as const), at, length: fc.integer({ min: 1, max: 40 }) }),
);

function mutate(bytes: Buffer, change: Mutation): Buffer {
  const index = Math.floor(change.at * bytes.length);
  const before = bytes.subarray(0, index);
  const after = bytes.subarray(index + 1);
  switch (change.kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.of((bytes[index] ?? 0) ^ (1 << change.bit)), after]);
    case 'replace':
      return Buffer.concat([before, Buffer.of(change.byte), after]);
    case 'insert':
      return Buffer.concat([before, Buffer.of(change.byte), bytes.subarray(index)]);
    case 'delete':
      return Buffer.concat([before, after]);
    case 'cut':
      return before;
    case 'repeat':
      return Buffer.concat([before, bytes.subarray(index, index + change.length), bytes.subarray(index)]);
  }
}

/** Some letters as escapes, as another writer could have sent them. */
const escapeSome = (text: string, every: number): string =>
  every === 0
    ? text
    : text.replaceAll(/[a-z\u0080-\uffff](?=[^"]*"[,\]}:])/g, (char, index: number) =>
        index % every === 0 ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char,
      );

/** A JSON document. */
const valid = fc
  .record({
    value: fc.jsonValue({
      maxDepth: 6,
      stringUnit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.string({ maxLength: 1 })),
    }),
    indent: fc.constantFrom(undefined, undefined, 1, 2, '\t', '                  '),
    escaped: fc.constantFrom(0, 0, 2, 3),
  })
  .map(({ value, indent, escaped }) => Buffer.from(escapeSome(JSON.stringify(value, null, indent), escaped)));

const pieced = fc.array(fc.constantFrom(...pieces), { maxLength: 24 }).map((parts) => Buffer.from(parts.join('')));

/** JSON documents, such with a few changes, and texts that are put together from pieces of JSON. */
export const documents: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 1, arbitrary: valid },
  {
    weight: 4,
    arbitrary: fc
      .tuple(valid, fc.array(mutation, { minLength: 1, maxLength: 4 }))
      .map(([bytes, changes]) => changes.reduce(mutate, bytes)),
  },
  { weight: 2, arbitrary: pieced },
  { weight: 1, arbitrary: pieced.map((part) => Buffer.concat([Buffer.from('["'), part, Buffer.from('"]')])) },
);

/** Limits that such documents keep, reach and break. */
export const limits = fc.record({ depth: fc.integer({ min: 0, max: 7 }), tokens: fc.integer({ min: 0, max: 40 }) });

/** The same bytes in pieces of 1 to 7 of them. */
export function toPieces(bytes: Buffer): readonly Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + (list.length % 7);
    list.push(bytes.subarray(at, at + size));
    at += size;
  }
  return list;
}
