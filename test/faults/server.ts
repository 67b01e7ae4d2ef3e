import { createServer, type Server, type Socket } from 'node:net';

/** What an upstream does with a socket, as it is accepted or once a whole request has come. */
export interface Behaviour {
  readonly on: 'accept' | 'request';
  readonly act: (socket: Socket, head: string) => void;
}

/** An upstream that can do anything to a socket, and remembers what it saw. */
export interface FaultServer {
  readonly port: number;
  /** What it does from now on, with requests on old sockets too. */
  behave(behaviour: Behaviour): void;
  /** Sockets that are open now, and all that ever were. */
  readonly open: number;
  readonly accepted: number;
  /** Bytes written on all sockets. */
  readonly sent: number;
  /** Requests on all sockets. */
  readonly requests: number;
  /** The head of the last request. */
  readonly head: string;
  /** Resolves once so many requests have come, ever. */
  untilRequests(count: number): Promise<void>;
  /** Whether every socket is closed, now or within `boundMs`. */
  isEmptyWithin(boundMs: number): Promise<boolean>;
  /** Stops to listen and destroys what is open. */
  close(): Promise<void>;
}

/** No socket lives longer, whatever the behaviour, and none sends more. */
const longestMs = 45_000;
export const mostBytes = 32 * 1024 * 1024;

export interface FaultServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any. */
  readonly port?: number;
  /** Turns an accepted socket into the one that the behaviour sees: a TLS server hands in its own. */
  readonly create?: (onSocket: (socket: Socket) => void) => Server;
}

/** Listens on loopback. */
export async function startFaultServer(behaviour: Behaviour, options: FaultServerOptions = {}): Promise<FaultServer> {
  const { host = '127.0.0.1', port = 0, create = (onSocket) => createServer({ noDelay: true }, onSocket) } = options;
  let current = behaviour;
  let accepted = 0;
  let closedBytes = 0;
  const sockets = new Set<Socket>();
  let requests = 0;
  let lastHead = '';
  const empty = createWaiters();
  const arrived = createWaiters();

  const server = create((socket) => {
    if (current.on === 'accept') current.act(socket, '');
    onRequests(socket, (head) => {
      requests += 1;
      lastHead = head;
      arrived.release();
      if (current.on === 'request') current.act(socket, head);
    });
  });
  server.on('connection', (socket) => {
    accepted += 1;
    sockets.add(socket);
    const stop = setTimeout(() => socket.destroy(), longestMs);
    socket.on('error', () => {}); // a reset by the client is what many rows want
    socket.on('close', () => {
      clearTimeout(stop);
      closedBytes += socket.bytesWritten;
      sockets.delete(socket);
      if (sockets.size === 0) empty.release();
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port }, resolve));

  return {
    port: toPort(server),
    behave(next) {
      current = next;
    },
    get open() {
      return sockets.size;
    },
    get accepted() {
      return accepted;
    },
    get sent() {
      return [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, closedBytes);
    },
    get requests() {
      return requests;
    },
    get head() {
      return lastHead;
    },
    async untilRequests(count) {
      while (requests < count) await arrived.wait();
    },
    async isEmptyWithin(boundMs) {
      if (sockets.size > 0) await Promise.race([empty.wait(), after(boundMs)]);
      return sockets.size === 0;
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}

function toPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}

/** Calls back for each complete request on the socket: a head, and as many bytes after it as it announces. */
function onRequests(socket: Socket, onRequest: (head: string) => void): void {
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    for (;;) {
      const headEnd = received.indexOf('\r\n\r\n') + 4;
      if (headEnd < 4) return;
      const head = received.slice(0, headEnd);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (received.length < headEnd + length) return;
      received = received.slice(headEnd + length);
      onRequest(head);
    }
  });
}

/** Everybody who waits for the same thing. */
function createWaiters() {
  let waiting: (() => void)[] = [];
  return {
    wait: () => new Promise<void>((resolve) => waiting.push(resolve)),
    release(): void {
      const released = waiting;
      waiting = [];
      for (const resolve of released) resolve();
    },
  };
}

/** Resolves after the time; does not keep the process alive. */
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
