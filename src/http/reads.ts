import type { OnReadOpts, Socket } from 'node:net';

/** What one read takes at most, bytes: as much as libuv asks room for. */
const roomBytes = 65_536;
/** What small chunks share, bytes: as much as one that is kept may keep. */
const slabBytes = 16_384;
/** Beyond it a chunk has a buffer of its own, bytes: half of a slab at most is left unused. */
const mostShared = slabBytes / 2;

/**
 * How sockets are read, for `net.connect` and `tls.connect`: all with one room, out of which chunks are copied at once, small ones
 * into slabs. Left to itself Node makes room of 64 KiB and a buffer for each read, however little has come (docs/performance.md).
 * Not on Windows, where the system keeps the room until something comes, so each socket needs its own.
 */
export const sharedReads: { readonly onread?: OnReadOpts } =
  process.platform === 'win32' ? {} : { onread: { buffer: Buffer.allocUnsafeSlow(roomBytes), callback: onRead } };

/** False when the stream has enough: Node stops reading then, until somebody has read from it. */
function onRead(this: Socket, bytes: number, room: Uint8Array): boolean {
  const chunk = takeRoom(bytes);
  chunk.set(room.subarray(0, bytes));
  return this.push(chunk);
}

let slab = Buffer.allocUnsafeSlow(slabBytes);
let used = 0;

/** Not Node's pool: a chunk that is kept would keep 64 KiB. */
function takeRoom(bytes: number): Buffer {
  if (bytes > mostShared) return Buffer.allocUnsafeSlow(bytes);
  if (used + bytes > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    used = 0;
  }
  used += bytes;
  return slab.subarray(used - bytes, used);
}
