import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from './limits.ts';

/** One open connection. */
export interface Connection {
  /** Requests that have not got their answer. */
  readonly pending: number;
  /** Says that nothing more is taken from it: further requests are passed over (RFC 9112, 9.6). */
  end(): void;
}

/** The open connections of a server, within its limits. */
export interface Connections {
  /** Counts a request until it is answered; undefined where it came behind the last one that is taken. */
  admit(request: IncomingMessage, response: ServerResponse): Connection | undefined;
  /**
   * What came on a connection cannot be read any more: has the last word said, once, when every request before has its answer.
   * Where the answer that was sent already is the last word, nothing is said, and the connection is closed behind it.
   */
  whenAnswered(socket: Socket, say: () => void): void;
}

interface State extends Connection {
  pending: number;
  requests: number;
  isOver: boolean;
  /** The answer to the request that came last, kept while one of them is under way. */
  last: ServerResponse | undefined;
  /** The last word, and how many requests wait for it in place of their answer. */
  lastWord: { readonly say: () => void; readonly waiting: 0 | 1 } | undefined;
  readonly settle: () => void;
  readonly openedAt: number;
  isSilent: boolean;
  /** Since when an answer waits for its reader, and how many bytes were taken by then. */
  waitingSince: number | undefined;
  taken: number;
}

/** Watches the connections of a server: counts them, and closes those that say nothing or do not take their answers. */
export function watchConnections(server: Server, limits: Limits): Connections {
  const open = new Map<Socket, State>();
  const addresses = new Map<string, number>();
  let isEnding = false;

  server.maxConnections = limits.maxConnections;
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const others = addresses.get(address) ?? 0;
    // A reset costs least: neither an answer nor a socket that the system keeps for a minute.
    if (others >= limits.maxConnectionsPerAddress) return void socket.resetAndDestroy();
    addresses.set(address, others + 1);
    open.set(socket, createState());
    socket.once('close', () => {
      open.delete(socket);
      const left = (addresses.get(address) ?? 1) - 1;
      if (left === 0) addresses.delete(address);
      else addresses.set(address, left);
    });
  });
  server.on(ending, () => {
    isEnding = true;
    for (const state of open.values()) if (state.last && !state.last.headersSent) closeBehind(state.last, state);
  });
  startSweep(server, limits, open);

  return {
    admit(request, response) {
      const state = open.get(request.socket);
      if (!state || state.isOver) {
        // Whatever else the client sends stays where it is, as far as it is not read yet.
        request.socket.pause();
        return undefined;
      }
      state.pending += 1;
      state.requests += 1;
      // Node's own limit would answer the next one with an empty 503.
      if (isEnding || state.requests >= limits.maxRequestsPerConnection) closeBehind(response, state);
      state.last = response;
      response.on('close', state.settle);
      return state;
    },
    whenAnswered(socket, say) {
      const state = open.get(socket);
      if (!state || state.lastWord) return;
      const isBody = state.last?.req.complete === false;
      if (state.isOver && !isBody) return;
      state.isOver = true;
      const isTold = isBody && state.last?.writableEnded;
      state.lastWord = isTold ? { say: () => socket.destroySoon(), waiting: 0 } : { say, waiting: isBody ? 1 : 0 };
      if (state.pending === state.lastWord.waiting) state.lastWord.say();
    },
  };
}

const ending = 'confluo:ending';

/**
 * Lets each connection of a watched server have one more answer, which says `Connection: close`; idle ones are left open, for a
 * proxy may be sending on them. Of requests that were sent ahead, all that are here get their answer.
 */
export const endConnections = (server: Server): void => void server.emit(ending);

/** Makes an answer the last one of its connection. */
export function closeBehind(response: ServerResponse, connection: Connection): void {
  response.shouldKeepAlive = false;
  connection.end();
}

function createState(): State {
  const state: State = {
    pending: 0,
    requests: 0,
    isOver: false,
    last: undefined,
    lastWord: undefined,
    settle() {
      state.pending -= 1;
      if (state.pending === 0 && state.last?.req.complete) state.last = undefined;
      if (state.pending === state.lastWord?.waiting) state.lastWord.say();
    },
    end() {
      state.isOver = true;
    },
    openedAt: performance.now(),
    isSilent: true,
    waitingSince: undefined,
    taken: 0,
  };
  return state;
}

/** Looks at all connections from time to time, so that no request needs a timer. */
function startSweep(server: Server, limits: Limits, open: ReadonlyMap<Socket, State>): void {
  const { silentMs, readMs, minReadBytes, headerMs, bodyMs } = limits;
  let closingSince: number | undefined;

  const sweep = () => {
    const now = performance.now();
    if (!server.listening) {
      closingSince ??= now;
      server.closeIdleConnections();
    }
    for (const [socket, state] of open) {
      state.isSilent &&= socket.bytesRead === 0;
      if (state.isSilent && now - state.openedAt >= silentMs) socket.destroy();
      // What waits is dropped with it; a mere close would leave it to the system, for minutes.
      else if (socket.writableLength > 0 && isStuck(socket, state, now)) socket.resetAndDestroy();
      else if (socket.writableLength === 0) state.waitingSince = undefined;
      if (closingSince !== undefined && isLate(state, now - closingSince))
        server.emit('clientError', toTimeout(), socket);
    }
  };

  /** Node looks at this itself, but no more once it is told to close. */
  const isLate = ({ pending, last }: State, ms: number): boolean =>
    pending === 0 ? ms >= headerMs : last?.req.complete === false && ms >= bodyMs;

  function isStuck(socket: Socket, state: State, now: number): boolean {
    const taken = toTaken(socket);
    if (state.waitingSince !== undefined && taken - state.taken < minReadBytes)
      return now - state.waitingSince >= readMs;
    state.waitingSince = now;
    state.taken = taken;
    return false;
  }

  let timer: NodeJS.Timeout | undefined;
  server.on('listening', () => {
    timer = setInterval(sweep, toCheckMs(silentMs, readMs)).unref();
  });
  server.on('close', () => clearInterval(timer));
}

const toTimeout = () => Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

/** How often limits in time are looked at, milliseconds: a tenth of the shortest, at least every half second. */
export const toCheckMs = (...limits: readonly number[]): number => Math.min(500, Math.ceil(Math.min(...limits) / 10));

/**
 * Bytes that the system has taken from the socket for its client. Of a write that is half done only Node's handle knows,
 * which is not documented; without it, writes count when they are done.
 */
function toTaken(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  return isHandle(handle) ? handle.bytesWritten - handle.writeQueueSize : socket.bytesWritten - socket.writableLength;
}

const isHandle = (handle: unknown): handle is { readonly bytesWritten: number; readonly writeQueueSize: number } =>
  typeof handle === 'object' &&
  handle !== null &&
  typeof Reflect.get(handle, 'bytesWritten') === 'number' &&
  typeof Reflect.get(handle, 'writeQueueSize') === 'number';
