import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** What is known of the socket that an exchange runs on, and undici does not tell its handlers. */
export interface Wire {
  readonly socket: Socket;
  /** Exchanges begun on it, this one included. */
  exchanges: number;
  /** Bytes the socket had read when this exchange began. */
  readBefore: number;
  /** Body bytes of this exchange. */
  body: number;
  /** No byte of this exchange's answer has been looked at yet. */
  isAwaited: boolean;
}

/** Who wants to know the wire of its request. */
export interface WireUser {
  wire: Wire | undefined;
}

/** What may come in beside body bytes: the head, and the framing of small chunks. Beyond it somebody sends endless framing. */
const mostOverhead = 131_072;
const mostOverheadPerByte = 8;

const channel = 'undici:client:sendHeaders';
const wires = new WeakMap<Socket, Wire>();
let waiting: WireUser | undefined;
const users = new Set<object>();

/** Watches sockets from now on, until what it returns is called; calling that twice is once. */
export function watchWires(): () => void {
  const user = {};
  if (users.size === 0) subscribe(channel, onRequestWritten);
  users.add(user);
  return () => {
    if (users.delete(user) && users.size === 0) unsubscribe(channel, onRequestWritten);
  };
}

/** Asks for the wire of the request that undici is about to write: it does so in the same breath as `onRequestStart`. */
export function expectWire(user: WireUser): void {
  waiting = user;
}

/** Destroys the socket when framing has no end: status lines and chunk extensions pass every limit of undici's. */
export const limitFraming = (socket: Socket): void => void socket.on('readable', checkFraming);

/** One for all sockets: there are three in most requests. */
function checkFraming(this: Socket): void {
  const { readBefore, body } = toWire(this);
  const overhead = this.bytesRead - readBefore - body;
  if (overhead > mostOverhead + mostOverheadPerByte * body) this.destroy(new EndlessFramingError('endless framing'));
}

const continueHead = /^HTTP\/1\.1 100[^\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/;
const longestContinueHead = 1_024;

/** Takes one 100 Continue off the beginning of each answer, before undici sees it: it would give the connection up. */
export function skipContinue(socket: Socket): void {
  const wire = toWire(socket);
  socket.on('readable', () => {
    const chunk: unknown = wire.isAwaited ? socket.read() : null;
    if (!Buffer.isBuffer(chunk)) return;
    wire.isAwaited = false;
    const head = continueHead.exec(chunk.toString('latin1', 0, longestContinueHead));
    const rest = head ? chunk.subarray(head[0].length) : chunk;
    if (rest.length > 0) socket.unshift(rest);
  });
}

/** Whether the socket had served before and has read nothing since this exchange began. */
export const isUntouched = ({ socket, exchanges, readBefore }: Wire): boolean =>
  exchanges > 1 && socket.bytesRead === readBefore;

/** The upstream sent framing without end. */
export class EndlessFramingError extends Error {
  override readonly name = 'EndlessFramingError';
}

function onRequestWritten(message: unknown): void {
  const user = waiting;
  waiting = undefined;
  if (!user) return;
  const { socket } = message as { readonly socket: Socket }; // documented by undici for this channel
  const wire = toWire(socket);
  wire.exchanges += 1;
  wire.readBefore = socket.bytesRead;
  wire.body = 0;
  wire.isAwaited = true;
  user.wire = wire;
}

function toWire(socket: Socket): Wire {
  const known = wires.get(socket);
  if (known) return known;
  const wire = { socket, exchanges: 0, readBefore: 0, body: 0, isAwaited: false };
  wires.set(socket, wire);
  return wire;
}
