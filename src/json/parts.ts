/** Buffers that become one. */
export interface Parts {
  /** Puts a buffer behind the others, and tells where it begins. What is written into it later counts, too. */
  add(part: Buffer): number;
  join(): Buffer;
}

/** Nothing yet. */
export function createParts(): Parts {
  const parts: Buffer[] = [];
  let size = 0;
  return {
    add(part) {
      const offset = size;
      parts.push(part);
      size += part.length;
      return offset;
    },
    join: () => Buffer.concat(parts),
  };
}
