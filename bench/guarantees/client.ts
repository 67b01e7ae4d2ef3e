/** A client that costs little: raw sockets that stay open, one request on each at a time. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** What the server answered. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  /** From the sending to the whole answer, milliseconds. */
  readonly tookMs: number;
}

/** Clients of one server. */
export interface HttpClient {
  /** Whether a request could be sent now. */
  isFree(): boolean;
  /**
   * One GET, on a connection that is free or on a new one. Rejects when the connection is lost, or after 15 s without a
   * byte. The trace id is what an upstream recognises the request by.
   */
  get(path: string, traceId?: string): Promise<Answer>;
  close(): void;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const silenceMs = 15_000;

/** A trace id that nobody else has. */
export const toTraceId = (): string => randomBytes(16).toString('hex');

/** Connects to a server on loopback as requests come; `isFree` is false while so many connections are busy. */
export function createClient(port: number, maxConnections = Number.POSITIVE_INFINITY): HttpClient {
  const idle: Connection[] = [];
  const open = new Set<Socket>();

  function connectAnew(): Connection {
    const connection = openConnection(port, {
      onFree: () => idle.push(connection),
      onClose: () => {
        open.delete(connection.socket);
        const index = idle.indexOf(connection);
        if (index >= 0) idle.splice(index, 1);
      },
    });
    open.add(connection.socket);
    return connection;
  }

  return {
    isFree: () => idle.length > 0 || open.size < maxConnections,
    get(path, traceId) {
      const connection = idle.pop() ?? connectAnew();
      const trace = traceId === undefined ? '' : `traceparent: 00-${traceId}-00000000000000ff-01\r\n`;
      return new Promise((resolve, reject) => {
        connection.send(`GET ${path} HTTP/1.1\r\nhost: confluo.test\r\n${trace}\r\n`, { resolve, reject });
      });
    },
    close() {
      for (const socket of open) socket.destroy();
    },
  };
}

interface Connection {
  readonly socket: Socket;
  send(request: string, waiting: Waiting): void;
}

function openConnection(port: number, on: { readonly onFree: () => void; readonly onClose: () => void }): Connection {
  let waiting: Waiting | undefined;
  let head = '';
  let isInBody = false;
  let status = 0;
  let chunks: Buffer[] = [];
  let left = 0;
  let sentAt = 0;

  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.setTimeout(silenceMs, () => socket.destroy());
  socket.on('error', () => {}); // `close` follows
  socket.on('end', () => socket.destroy());
  socket.on('close', () => {
    on.onClose();
    waiting?.reject(new Error('the connection was lost'));
  });
  socket.on('data', (chunk: Buffer) => {
    if (isInBody) add(chunk);
    else readHead(chunk);
    if (isInBody && left === 0) onWhole();
  });

  function readHead(chunk: Buffer): void {
    head += chunk.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error('an answer without Content-Length');
    status = Number(head.slice(9, 12));
    left = Number(length);
    isInBody = true;
    add(chunk.subarray(chunk.length - (head.length - end - 4)));
  }

  function add(chunk: Buffer): void {
    chunks.push(chunk);
    left -= chunk.length;
  }

  function onWhole(): void {
    const answer = { status, body: Buffer.concat(chunks), tookMs: performance.now() - sentAt };
    const { resolve } = waiting ?? {};
    waiting = undefined;
    head = '';
    isInBody = false;
    chunks = [];
    on.onFree();
    resolve?.(answer);
  }

  return {
    socket,
    send(request, next) {
      waiting = next;
      sentAt = performance.now();
      socket.write(request);
    },
  };
}
