import type { Socket } from 'node:net';
import { type Behaviour, mostBytes } from './server.ts';

/** Something done to a socket; it may look at the head of the request. */
export type Action = (socket: Socket, head: string) => void;

/** One thing done: bytes (text is Latin-1, so that every byte can be written), or an action. */
export type Step = string | Buffer | Action;

const perform =
  (steps: readonly Step[]): Action =>
  (socket, head) => {
    for (const step of steps) {
      if (typeof step === 'function') step(socket, head);
      else if (socket.writable) socket.write(step, 'latin1');
    }
  };

/** Does the steps as soon as the socket is accepted. */
export const onAccept = (...steps: readonly Step[]): Behaviour => ({ on: 'accept', act: perform(steps) });

/** Does the steps for every request. */
export const onRequest = (...steps: readonly Step[]): Behaviour => ({ on: 'request', act: perform(steps) });

/** Closes in good order. */
export const end: Action = (socket) => socket.end();

/** Resets the connection at once. */
export const reset: Action = (socket) => {
  socket.resetAndDestroy();
};

/** Does the steps after the time. A reset needs some: it overtakes the bytes that were written before. */
export const later =
  (ms: number, ...steps: readonly Step[]): Action =>
  (socket, head) => {
    const stop = () => clearTimeout(timer);
    const timer = setTimeout(() => {
      socket.off('close', stop);
      perform(steps)(socket, head);
    }, ms);
    socket.once('close', stop);
  };

/** Writes the bytes every 10 ms for as long as the socket lives. */
export const drip =
  (bytes: string): Action =>
  (socket) => {
    const timer = setInterval(() => socket.writable && socket.write(bytes, 'latin1'), 10);
    socket.once('close', () => clearInterval(timer));
  };

/** Writes the bytes again and again, as fast as they are taken. */
export const flood =
  (bytes: string): Action =>
  (socket) => {
    const chunk = Buffer.from(bytes.repeat(Math.ceil(32_768 / bytes.length)), 'latin1');
    const write = () => {
      while (socket.writable && socket.bytesWritten < mostBytes && socket.write(chunk));
    };
    socket.on('drain', write);
    write();
  };

/** Writes one chunk after another, each when the one before has been taken and the reader had its turn. */
export const stream =
  (bytes: string, total: number): Action =>
  (socket) => {
    const chunk = Buffer.from(bytes, 'latin1');
    const write = (left: number) => {
      if (socket.writable && left > 0) socket.write(chunk, () => setTimeout(write, 1, left - chunk.length));
    };
    write(total);
  };

/** The bytes of an answer with a JSON body: `header` are more header lines, or others in place of these. */
export function json(
  body: string | Buffer,
  header: Readonly<Record<string, string | undefined>> = {},
  status = '200 OK',
): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const fields = { 'content-type': 'application/json', 'content-length': String(bytes.length), ...header };
  const lines = Object.entries(fields).filter(([, value]) => value !== undefined);
  const head = [`HTTP/1.1 ${status}`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

/** The head of a 200 with these header lines, and what follows it as it is. */
export const raw = (lines: readonly string[], rest = '', status = '200 OK'): string =>
  [`HTTP/1.1 ${status}`, ...lines, '', rest].join('\r\n');

/** A body of which each byte (Latin-1) is a chunk. */
export const byteByByte = (bytes: string): string => `${bytes.replaceAll(/./gs, '1\r\n$&\r\n')}0\r\n\r\n`;

/** A well behaved upstream. */
export const answer = (body: string): Behaviour => onRequest(json(body));
